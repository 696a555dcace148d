/// Where the mean and the deviation of a normalisation come from in a training pass.
package enum NormalisationStatistics: String, Sendable, Codable {
  /// From the global batch, towards whose statistics the moving ones move.
  case batch
  /// From the moving statistics, which stay as they are: the network that is trained is then the one that inference runs, without
  /// what the other pictures of a batch add to each (Wu, Johnson 2021). Ranks exchange no statistics.
  case frozen
}
