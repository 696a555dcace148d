#if _endian(big)
  #error("safetensors data is little-endian and is used here as it stands in the file")
#endif

/// A safetensors file in memory: named tensors and a text-to-text table of metadata.
///
/// The format: 8 bytes of little-endian header length; a JSON object that maps every name to dtype, shape and byte range
/// and `__metadata__` to a table of texts; the data, where the ranges lie without gap or overlap.
public struct SafeTensorsFile: Sendable {
  /// The tensors; after reading, in the order of their data.
  public var tensors: [Tensor] {
    didSet { index = Self.index(of: tensors) }
  }
  /// The texts under `__metadata__`.
  public var metadata: [String: String]
  /// Where the file was read from; messages name it.
  public let path: String

  private var index: [String: Int]

  /// A file of `tensors`, not written anywhere; see `serialized()`. `path` is what messages call it.
  public init(tensors: [Tensor], metadata: [String: String] = [:], path: String = "(memory)") {
    self.tensors = tensors
    self.metadata = metadata
    self.path = path
    index = Self.index(of: tensors)
  }

  /// The tensor called `name`, or nil.
  public subscript(name: String) -> Tensor? {
    index[name].map { tensors[$0] }
  }

  /// The tensor called `name`; throws `missingTensor`.
  public func tensor(_ name: String) throws(SafeTensorsError) -> Tensor {
    guard let tensor = self[name] else { throw .missingTensor(path: path, tensor: name) }
    return tensor
  }

  private static func index(of tensors: [Tensor]) -> [String: Int] {
    Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
