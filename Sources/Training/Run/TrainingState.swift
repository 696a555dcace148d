/// Where a run stands beside its weights and moments: what goes on from here follows from these alone.
package struct TrainingState: Sendable, Codable, Equatable {
  /// Epochs that are complete, validation included.
  package var epoch = 0
  /// Steps done in the epoch that is not.
  package var stepInEpoch = 0
  /// Steps done in all: the next one draws the pairs of this number.
  package var step = 0
  /// Sums of the losses of this epoch's steps.
  package var lossSums = TrainingStep.Losses(first: 0, second: 0)
  /// Wall seconds of this epoch's steps.
  package var epochSeconds = 0.0
  /// Wall seconds of the whole run.
  package var seconds = 0.0
  package var recipe: Recipe
  /// The recipe ended the training.
  package var isStopped = false
  /// The file that `--resume` named for this run to go on from; nil where it named none.
  package var origin: Origin?

  /// A checkpoint that a run began from.
  package struct Origin: Sendable, Codable, Equatable {
    var path: String
    var sha256: String
  }

  /// The state before the first step.
  package init(recipe: Recipe) { self.recipe = recipe }
}
