import Glibc

/// How the highest learning rate grows with the global batch, from the one that suits the published batch.
package enum BatchScaling: String, Sendable, CaseIterable {
  /// Not at all.
  case none
  /// With the square root of the batch (Krizhevsky 2014): the gradient's noise moves the weights as far.
  case sqrt
  /// With the batch (Goyal et al. 2017): as many pairs move the weights as far.
  case linear

  /// Pairs of the step that a learning rate is given for, and the usual decays.
  package static let referenceBatch = 32

  /// The factor for steps of `globalBatch` pairs, 1 at ``referenceBatch``.
  package func factor(globalBatch: Int) -> Double {
    let ratio = Double(globalBatch) / Double(Self.referenceBatch)
    switch self {
    case .none: return 1
    case .sqrt: return ratio.squareRoot()
    case .linear: return ratio
    }
  }

  /// The decay of an average over steps of `globalBatch` pairs that reaches back over as many pairs as `decay`, at least 0 and below 1,
  /// does in steps of ``referenceBatch`` (Busbridge et al. 2023). Rounded to six places: the same on every machine.
  package static func decay(_ decay: Double, globalBatch: Int) -> Double {
    let ratio = Double(globalBatch) / Double(referenceBatch)
    return (pow(decay, ratio) * 1e6).rounded() / 1e6
  }
}
