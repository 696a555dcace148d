import Crypto
import Model

/// Whether two checkpoints hold the same numbers: every weight, moving statistic and moment, bit for bit.
package struct CheckpointComparison: Sendable, Equatable {
  /// SHA-256 over the tensors of each: names and values in the order of their names.
  package let (first, second): (String, String)
  /// Tensors that one of them lacks or that differ, in the order of their names.
  package let differing: [String]

  /// Whether the numbers are the same.
  package var isEqual: Bool { first == second && differing.isEmpty }

  package init(_ first: Checkpoint, _ second: Checkpoint) { self.init(first.file, second.file) }

  init(_ first: SafeTensorsFile, _ second: SafeTensorsFile) {
    (self.first, self.second) = (Self.digest(of: first), Self.digest(of: second))
    let names = Set((first.tensors + second.tensors).map(\.name)).sorted()
    differing = names.filter { name in
      guard let one = first[name], let other = second[name] else { return true }
      return one != other
    }
  }

  /// SHA-256 over names, types, shapes and values of all tensors, in hexadecimal.
  static func digest(of file: SafeTensorsFile) -> String {
    var hash = SHA256()
    for tensor in file.tensors.sorted(by: { $0.name < $1.name }) {
      hash.update(data: Array("\(tensor.name) \(tensor.dtype) \(tensor.shape)\n".utf8))
      hash.update(data: tensor.bytes)
    }
    return Seal.text(hash.finalize())
  }
}
