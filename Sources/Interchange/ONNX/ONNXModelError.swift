/// Why a network cannot be an ONNX model. `description` is one line.
public enum ONNXModelError: Error, Equatable, Sendable {
  /// Names of heads that tensors and outputs cannot have.
  case heads(String)
  /// More than one file holds.
  case tooLarge(weights: Int)
}

extension ONNXModelError: CustomStringConvertible {
  /// What is wrong, and what to do where something can be done.
  public var description: String {
    switch self {
    case .heads(let problem):
      "\(problem), so there is no such model"
    case .tooLarge(let weights):
      "\(weights) weights take more than the 2 GiB that a file can hold; --format safetensors has no such limit"
    }
  }
}
