import FuzzDriver
import Model

/// Safetensors files: every input is read or refused with a `SafeTensorsError`; what is read can be written and read again.
@_cdecl("FuzzSafeTensors_main")
public func fuzzSafeTensors(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
  unsafe runFuzzer(count, arguments) { start, count in
    do {
      let file = try SafeTensorsFile(bytes: unsafe bytes(start, count), path: "input")
      for tensor in file.tensors where tensor.dtype == "F32" {
        let count = try tensor.floats().count
        precondition(count == tensor.shape.reduce(1, *), "\(tensor.name): \(count) values in \(tensor.shape)")
      }
      let again = try SafeTensorsFile(bytes: file.serialized(), path: "input")
      precondition(Set(again.tensors.map(\.name)) == Set(file.tensors.map(\.name)), "other tensors when read again")
      let layout = ParameterLayout(try file.inferredConfiguration())
      let values = try file.weightValues(layout: layout)
      precondition(values.count == layout.count, "\(values.count) weights for a network of \(layout.count)")
    } catch {
      precondition(!"\(error)".isEmpty && error is SafeTensorsError, "\(error)")
    }
    return 0
  }
}
