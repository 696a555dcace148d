/// What is wrong with a picture or a batch to be separated, or with where the results would go.
package enum SeparationError: Error, Equatable, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// sysexits 64.
    case usage
    /// Sysexits 65.
    case badData
  }

  /// A picture that is neither 28x28 nor 32x32.
  case wrongSize(path: String, width: Int, height: Int)
  /// A batch whose tensor `mixed` is not [N,32,32] with N of at least 1.
  case wrongShape(path: String, shape: [Int])
  /// A value that is no intensity.
  case notFinite(path: String, index: Int)
  /// A prediction left the finite numbers.
  case nonFinitePrediction(path: String)
  /// Two inputs, or an input and a result, that would be the same file.
  case sameFile(path: String, first: String, second: String)

  package var category: Category {
    switch self {
    case .wrongSize, .wrongShape, .notFinite, .nonFinitePrediction: .badData
    case .sameFile: .usage
    }
  }
}

extension SeparationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .wrongSize(let path, let width, let height):
      "\(path): a picture of \(width)x\(height) pixels; 28x28 or 32x32 can be separated"
    case .wrongShape(let path, let shape):
      "\(path): tensor \"mixed\" is [\(shape.map(String.init).joined(separator: ","))] instead of [N,32,32]"
    case .notFinite(let path, let index):
      "\(path): element \(index) of \"mixed\" is not finite"
    case .nonFinitePrediction(let path):
      "\(path): these weights' prediction is not finite; try --precision f32"
    case .sameFile(let path, let first, let second):
      "\(first) and \(second) would both be \(path); separate them one by one into different folders"
    }
  }
}
