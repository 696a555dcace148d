/// How a gradient moves the weights.
package struct UpdateRule: Sendable, Equatable {
  /// Where a step goes.
  package enum Method: String, Sendable, Codable, CaseIterable {
    /// ``Adam`` for every weight, as in the published notebook.
    case adam
    /// ``Muon`` for the kernels, ``Adam`` for the rest.
    case muon
  }

  package var method = Method.adam
  /// Part of every kernel that a step at a learning rate of 1 takes away, beside the gradient's step (Loshchilov, Hutter 2019); at least 0.
  package var weightDecay = 0.0
  /// Greatest length of the gradient: a longer one is shortened to it. nil for any.
  package var clipNorm: Double?

  package init(method: Method = .adam, weightDecay: Double = 0, clipNorm: Double? = nil) {
    (self.method, self.weightDecay, self.clipNorm) = (method, weightDecay, clipNorm)
  }
}
