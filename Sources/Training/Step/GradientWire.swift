/// How gradients travel between nodes.
package enum GradientWire: String, Sendable, Codable, CaseIterable {
  /// As they are.
  case f32
  /// Rounded to bf16 before they leave and after every addition: half the bytes, 8 bits of every gradient.
  case bf16
}

extension KeyedDecodingContainer {
  /// `f32` where there is no such key: files written before there was a choice. Takes the place of the standard library's, also
  /// in the decoders that the compiler writes.
  func decode(_ type: GradientWire.Type, forKey key: Key) throws -> GradientWire {
    try decodeIfPresent(type, forKey: key) ?? .f32
  }
}
