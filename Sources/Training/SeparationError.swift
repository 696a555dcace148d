/// What can be wrong with a picture to separate.
package enum SeparationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A PNG that is neither 28x28 nor 32x32.
  case wrongSize(path: String, width: Int, height: Int)
  /// A safetensors file without a tensor `mixed`.
  case noBatch(path: String)
  /// `mixed` is not [N,32,32].
  case wrongShape(path: String, shape: [Int])

  package var description: String {
    switch self {
    case .wrongSize(let path, let width, let height):
      "\(path): \(width)x\(height) pixels; give 28x28 or 32x32"
    case .noBatch(let path): "\(path): no tensor \"mixed\"; give a batch [N,32,32]"
    case .wrongShape(let path, let shape): "\(path): \"mixed\" has the shape \(shape); give [N,32,32]"
    }
  }
}
