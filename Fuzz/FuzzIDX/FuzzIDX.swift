import Dataset
import FuzzDriver

/// IDX pictures, plain or gzip: every input is read or refused with a `DatasetError`, and what is read has its size.
@_cdecl("FuzzIDX_main")
public func fuzzIDX(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
  unsafe runFuzzer(count, arguments) { start, count in
    InputFile.write(unsafe bytes(start, count))
    do {
      let set = try ImageSet(contentsOf: InputFile.path, name: "input")
      precondition(set.pixels.count == set.count * set.rows * set.columns, "\(set.pixels.count) pixels")
      precondition(set.rows <= ImageSet.side && set.columns <= ImageSet.side, "\(set.rows)x\(set.columns)")
    } catch {
      precondition(!"\(error)".isEmpty && error is DatasetError, "\(error)")
    }
    return 0
  }
}
