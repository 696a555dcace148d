/// Arithmetic of a network: the type of its activations and of the weights the convolutions read.
public enum Precision: String, Sendable, Codable, CaseIterable {
  /// f32 everywhere.
  case f32
  /// bf16 activations and packed weights; f32 accumulation, master weights, statistics, gradients, loss and heads.
  case bf16
}
