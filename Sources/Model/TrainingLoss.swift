/// What a training step lessens, for each head: the mean over the pictures of the global batch. Validation, evaluation and all reports are
/// in mean squared errors, whatever it is.
package enum TrainingLoss: String, Sendable, Codable, CaseIterable {
  /// The picture's mean squared error, as the published notebook has it.
  case mse
  /// The root of the picture's mean squared error: pictures that are separated well already keep their weight.
  case rmse
}
