/// Where the mean and the deviation of a normalisation come from in a training pass.
package enum NormalisationStatistics: Sendable, Equatable, Codable {
  /// From the global batch, towards whose statistics the moving ones move: `momentum`, 0 to 1, is the share of themselves that they
  /// keep in the step.
  case batch(momentum: Double = kerasMomentum)
  /// From the moving statistics, which stay as they are: the network that is trained is then the one that inference runs, without
  /// what the other pictures of a batch add to each (Wu, Johnson 2021). Ranks exchange no statistics.
  case frozen

  /// Keras's usual momentum.
  package static let kerasMomentum = 0.99
}
