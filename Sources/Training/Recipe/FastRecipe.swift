import Model

/// The policy for few samples: a rate that is sized to the run's length, and the weights of the least validation loss.
package struct FastRecipe: Sendable, Codable, Equatable {
  /// The learning rate of the next step.
  package private(set) var learningRate: Float
  /// The smallest validation loss so far.
  package private(set) var best = Double.infinity
  /// The epoch, from 0, whose weights are kept; nil before the first.
  package private(set) var bestEpoch: Int?

  /// Every epoch is judged by the same pairs. Not so in runs that an older program began, whose `best` is of other pairs.
  package let keepsPairs: Bool
  /// Moving statistics reach back over as many pairs whatever the batch, and soon forget those of fresh weights. Not so in runs that an older
  /// program began.
  package let scalesStatistics: Bool
  /// Of a run with a time budget, once it was measured.
  package private(set) var pace: RunPace?

  /// The state before the first step.
  package init(learningRate: Double) {
    (self.learningRate, keepsPairs, scalesStatistics) = (Float(learningRate), true, true)
  }

  /// Reads what a checkpoint or another rank holds.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    learningRate = try values.decode(Float.self, forKey: .learningRate)
    best = try values.decode(Double.self, forKey: .best)
    bestEpoch = try values.decodeIfPresent(Int.self, forKey: .bestEpoch)
    keepsPairs = try values.decodeIfPresent(Bool.self, forKey: .keepsPairs) ?? false
    scalesStatistics = try values.decodeIfPresent(Bool.self, forKey: .scalesStatistics) ?? false
    pace = try values.decodeIfPresent(RunPace.self, forKey: .pace)
  }

  /// The next step is the one after `step` steps.
  mutating func stepBegins(_ step: Int, _ schedule: LearningRateSchedule) {
    learningRate = Float(schedule.learningRate(step: step, pace: pace))
  }

  /// What the step of `run` after `step` steps normalises by: frozen statistics in its last part.
  ///
  /// Moving statistics reach back over as many pairs as with Keras's momentum and batch, whatever the batch is. From fresh weights they
  /// begin as a ``WeightAverage`` does, which forgets its first steps soon: else they would lag behind for hundreds of steps, which runs
  /// of large batches do not have. Those of given weights are good already.
  func statistics(step: Int, of run: RunConfiguration) -> NormalisationStatistics {
    let schedule = run.schedule
    if let frozenPart = run.frozenPart, step >= schedule.warmUp,
      schedule.part(step: step, pace: pace) >= 1 - frozenPart
    {
      return .frozen
    }
    guard scalesStatistics else { return .batch() }
    let momentum = BatchScaling.decay(NormalisationStatistics.kerasMomentum, globalBatch: run.globalBatch)
    guard run.initialWeights == nil else { return .batch(momentum: momentum) }
    return .batch(momentum: WeightAverage(decay: momentum).decay(step: step + 1))
  }

  /// Takes in that `step` steps took `seconds`: from here on the schedule ends where `budget` seconds do, with a whole epoch. A schedule
  /// that is at its end stays there.
  mutating func measured(step: Int, seconds: Double, budget: Double, of run: RunConfiguration) {
    let part = run.schedule.part(step: step, pace: pace)
    guard part < 1 else { return }
    let last = RunPace.lastEpoch(step: step, seconds: seconds, budget: budget, stepsPerEpoch: run.stepsPerEpoch)
    let epochs = min(last, run.epochs)
    pace = RunPace(step: max(step, run.warmUp), part: part, lastEpoch: epochs, lastStep: epochs * run.stepsPerEpoch)
  }

  /// Takes in the validation loss of `epoch`, counted from 0. A NaN is no improvement.
  mutating func epochEnded(_ epoch: Int, validationLoss loss: Double) -> EpochVerdict {
    let keepsWeights = bestEpoch == nil || loss < best
    if keepsWeights { bestEpoch = epoch }
    if loss < best { best = loss }
    return EpochVerdict(keepsWeights: keepsWeights, stops: false, lowersLearningRate: false)
  }
}
