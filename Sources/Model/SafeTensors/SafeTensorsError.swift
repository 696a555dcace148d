/// What is wrong with a safetensors file, or with what it was expected to hold.
///
/// `description` is one line that names the file and, where there is one, the tensor.
public enum SafeTensorsError: Error, Equatable, Sendable {
  // The file.
  case fileMissing(path: String)
  case unreadable(path: String, reason: String)

  // The header.
  case tooShort(path: String, byteCount: Int)
  case headerTooLong(path: String, byteCount: UInt64)
  case headerBeyondFile(path: String, byteCount: Int, available: Int)
  case malformedHeader(path: String, offset: Int, problem: String)
  case duplicateName(path: String, name: String)
  case unknownDtype(path: String, tensor: String, dtype: String)
  case shapeOverflow(path: String, tensor: String, shape: [Int])
  case wrongByteCount(path: String, tensor: String, expected: Int, found: Int)

  // The ranges of the data.
  case reversedRange(path: String, tensor: String, begin: Int, end: Int)
  case rangeBeyondFile(path: String, tensor: String, end: Int, available: Int)
  case overlap(path: String, tensor: String, byteCount: Int)
  case gap(path: String, tensor: String, byteCount: Int)
  case trailingBytes(path: String, byteCount: Int)

  // What the program expected.
  case missingTensor(path: String, tensor: String)
  case unexpectedTensor(path: String, tensor: String)
  case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
  case wrongDtype(path: String, tensor: String, expected: String, found: String)
  case nonFinite(path: String, tensor: String, index: Int)
  case negativeVariance(path: String, tensor: String, index: Int)
  case unknownHeadOrder(path: String, heads: [String])
  case notANetwork(path: String, problem: String)

  /// What kind of failure it is, for the exit code of a program.
  public enum Category: Sendable { case inputMissing, badData, inputOutput }

  /// The kind of this failure.
  public var category: Category {
    switch self {
    case .fileMissing: .inputMissing
    case .unreadable: .inputOutput
    default: .badData
    }
  }
}

extension SafeTensorsError: CustomStringConvertible {
  /// One line: the file, what is wrong in it, and where.
  public var description: String {
    switch self {
    case .fileMissing(let path):
      "\(path): no such file"
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .tooShort(let path, let byteCount):
      "\(path): \(byteCount) bytes are too few for a safetensors file, which begins with 8 bytes of header length"
    case .headerTooLong(let path, let byteCount):
      "\(path): claims a header of \(byteCount) bytes, more than the format's limit of 100,000,000"
    case .headerBeyondFile(let path, let byteCount, let available):
      "\(path): truncated: a header of \(byteCount) bytes is announced and \(available) follow"
    case .malformedHeader(let path, let offset, let problem):
      "\(path): malformed header at byte \(offset): \(problem)"
    case .duplicateName(let path, let name):
      "\(path): \(Self.quoted(name)) stands twice in the header"
    case .unknownDtype(let path, let tensor, let dtype):
      "\(path): tensor \(Self.quoted(tensor)) has the unknown dtype \(Self.quoted(dtype))"
    case .shapeOverflow(let path, let tensor, let shape):
      "\(path): tensor \(Self.quoted(tensor)) has a shape too large for any memory: \(Self.text(shape))"
    case .wrongByteCount(let path, let tensor, let expected, let found):
      "\(path): tensor \(Self.quoted(tensor)) needs \(expected) bytes by dtype and shape and has \(found)"
    case .reversedRange(let path, let tensor, let begin, let end):
      "\(path): tensor \(Self.quoted(tensor)) ends at byte \(end), before its begin at byte \(begin)"
    case .rangeBeyondFile(let path, let tensor, let end, let available):
      "\(path): truncated: tensor \(Self.quoted(tensor)) ends at data byte \(end), \(max(0, end - available)) bytes past the end"
    case .overlap(let path, let tensor, let byteCount):
      "\(path): tensor \(Self.quoted(tensor)) overlaps the one before it by \(byteCount) bytes"
    case .gap(let path, let tensor, let byteCount):
      "\(path): \(byteCount) bytes before tensor \(Self.quoted(tensor)) belong to no tensor"
    case .trailingBytes(let path, let byteCount):
      "\(path): \(byteCount) bytes after the last tensor belong to no tensor"
    case .missingTensor(let path, let tensor):
      "\(path): tensor \(Self.quoted(tensor)) is missing"
    case .unexpectedTensor(let path, let tensor):
      "\(path): tensor \(Self.quoted(tensor)) does not belong to this network: was it trained with other options?"
    case .wrongShape(let path, let tensor, let expected, let found):
      "\(path): tensor \(Self.quoted(tensor)) has shape \(Self.text(found)) where the network has \(Self.text(expected))"
    case .wrongDtype(let path, let tensor, let expected, let found):
      "\(path): tensor \(Self.quoted(tensor)) holds \(Self.quoted(found)) where \(expected) is needed"
    case .nonFinite(let path, let tensor, let index):
      "\(path): tensor \(Self.quoted(tensor)) holds a NaN or infinity (element \(index))"
    case .negativeVariance(let path, let tensor, let index):
      "\(path): tensor \(Self.quoted(tensor)) holds a variance below 0 (element \(index))"
    case .unknownHeadOrder(let path, let heads):
      "\(path): which of the heads \(heads.map(Self.quoted).joined(separator: " and ")) comes first is not recorded; "
        + "add the metadata \"heads\", for example \(Self.quoted(heads.joined(separator: ",")))"
    case .notANetwork(let path, let problem):
      "\(path): holds no network's weights: \(problem)"
    }
  }

  /// A name from a file in quotes: control characters escaped, so that the message stays one line, and cut to 80 characters.
  static func quoted(_ name: String) -> String {
    name.count <= 80 ? name.debugDescription : (String(name.prefix(79)) + "…").debugDescription
  }

  private static func text(_ shape: [Int]) -> String {
    "[" + shape.prefix(8).map(String.init).joined(separator: ",") + (shape.count > 8 ? ",…]" : "]")
  }
}
