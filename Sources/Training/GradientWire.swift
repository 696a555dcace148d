/// How gradients travel between nodes.
package enum GradientWire: String, Sendable, Codable, CaseIterable {
  /// As they are.
  case f32
  /// Rounded to bf16 before they leave and after every addition: half the bytes, 8 bits of every gradient.
  case bf16
}
