@testable import Training

extension ReferenceStep {
  /// What a perfect engine would measure.
  var measured: [String: [Float]] { tensors.mapValues { $0.values.map { Float($0) } } }
}
