/// What is wrong with a picture or a batch to be separated, or with where the results would go.
package enum SeparationError: Error, Equatable, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// sysexits 64.
    case usage
    /// Sysexits 65.
    case badData
  }

  /// A batch's tensor that is not [N,size,size] with N of at least 1, or has another N than `mixed`.
  case wrongShape(path: String, tensor: String, shape: [Int], size: Int)
  /// A value that is no intensity.
  case notFinite(path: String, tensor: String, index: Int)
  /// A prediction left the finite numbers.
  case nonFinitePrediction(path: String)
  /// Two inputs, or an input and a result, that would be the same file.
  case sameFile(path: String, first: String, second: String)
  /// True pictures for several mixed ones, or for a batch.
  case truthOfSeveral

  package var category: Category {
    switch self {
    case .wrongShape, .notFinite, .nonFinitePrediction: .badData
    case .sameFile, .truthOfSeveral: .usage
    }
  }
}

extension SeparationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .wrongShape(let path, let tensor, let shape, let size):
      "\(path): tensor \"\(tensor)\" is [\(shape.map(String.init).joined(separator: ","))] instead of [N,\(size),\(size)] "
        + "with one N for all"
    case .notFinite(let path, let tensor, let index):
      "\(path): element \(index) of \"\(tensor)\" is not finite"
    case .nonFinitePrediction(let path):
      "\(path): these weights' prediction is not finite; try --precision f32"
    case .sameFile(let path, let first, let second):
      "\(first) and \(second) would both be \(path); separate them one by one into different folders"
    case .truthOfSeveral:
      "--truth names what one mixed picture was made of; separate the others by themselves, and put a batch's truth into its file"
    }
  }
}
