import Model

/// The policy for few samples: a rate that is sized to the run's length, and the weights of the least validation loss.
package struct FastRecipe: Sendable, Codable, Equatable {
  /// The learning rate of the next step.
  package private(set) var learningRate: Float
  /// The smallest validation loss so far.
  package private(set) var best = Double.infinity
  /// The epoch, from 0, whose weights are kept; nil before the first.
  package private(set) var bestEpoch: Int?

  /// Of a run with a time budget, once it was measured.
  package private(set) var pace: RunPace?

  /// The state before the first step.
  package init(learningRate: Double) { self.learningRate = Float(learningRate) }

  /// The next step is the one after `step` steps.
  mutating func stepBegins(_ step: Int, _ schedule: LearningRateSchedule) {
    learningRate = Float(schedule.learningRate(step: step, pace: pace))
  }

  /// What the step after `step` steps normalises by: `frozenPart` of the run is the last one, in which statistics are frozen.
  func statistics(step: Int, _ schedule: LearningRateSchedule, frozenPart: Double?) -> NormalisationStatistics {
    guard let frozenPart, step >= schedule.warmUp else { return .batch }
    return (pace?.part(step: step) ?? schedule.part(step: step)) >= 1 - frozenPart ? .frozen : .batch
  }

  /// Takes in that `step` steps took `seconds`: from here on the schedule ends where `budget` seconds do, with a whole epoch.
  mutating func measured(step: Int, seconds: Double, budget: Double, of run: RunConfiguration) {
    let part = pace?.part(step: step) ?? run.schedule.part(step: step)
    let last = RunPace.lastEpoch(step: step, seconds: seconds, budget: budget, stepsPerEpoch: run.stepsPerEpoch)
    let epochs = min(last, run.epochs)
    pace = RunPace(step: step, part: part, lastEpoch: epochs, lastStep: epochs * run.stepsPerEpoch)
  }

  /// Takes in the validation loss of `epoch`, counted from 0. A NaN is no improvement.
  mutating func epochEnded(_ epoch: Int, validationLoss loss: Double) -> EpochVerdict {
    let keepsWeights = bestEpoch == nil || loss < best
    if keepsWeights { (best, bestEpoch) = (loss, epoch) }
    return EpochVerdict(keepsWeights: keepsWeights, stops: false, lowersLearningRate: false)
  }
}
