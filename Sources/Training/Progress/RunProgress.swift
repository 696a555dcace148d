/// How far a run is, for people: what the block on a terminal shows, and `launcher watch`.
package struct RunProgress: Sendable, Equatable {
  /// What is done just now.
  package enum Activity: Sendable, Equatable {
    case training
    /// The validation after an epoch: batches done, of how many.
    case validating(done: Int, of: Int)
    /// The closing evaluation: this rank's batches done, of how many.
    case evaluating(done: Int, of: Int)
  }

  package var activity = Activity.training
  /// Complete epochs.
  package var epoch = 0
  package var epochs = 1
  package var stepInEpoch = 0
  package var stepsPerEpoch = 1
  package var heads = ["first", "second"]
  /// Of the last step, or the mean of the last ones.
  package var losses: TrainingStep.Losses?
  /// After the last complete epoch.
  package var validation: TrainingStep.Losses?
  /// The least validation loss so far.
  package var bestValidationLoss: Double?
  package var learningRate: Float?
  package var imagesPerSecond: Double?
  package var secondsPerStep: Double?
  /// What every rank did lately; empty where that is not known yet.
  package var ranks: [StepsRecord.RankTimes] = []
  /// Wall seconds since the run's first step.
  package var seconds = 0.0
  package var isSynthetic = false

  package init() {}

  /// The epoch that goes on, counted from 1, and its steps; of a run that has done all, its last one.
  var place: (epoch: Int, step: Int) {
    epoch < epochs ? (epoch + 1, stepInEpoch) : (epochs, stepsPerEpoch)
  }

  /// Seconds to the end of the epoch's steps; nil where nothing is known of their pace.
  package var epochSecondsLeft: Double? { secondsPerStep.map { Double(max(0, stepsPerEpoch - place.step)) * $0 } }

  /// Seconds to the end of the last epoch's steps, without validations.
  package var runSecondsLeft: Double? {
    secondsPerStep.map { Double(max(0, (epochs - epoch) * stepsPerEpoch - stepInEpoch)) * $0 }
  }

  /// Images a second that each rank computes of them.
  package var imagesPerSecondByRank: [Double] {
    guard let imagesPerSecond else { return [] }
    let all = ranks.reduce(0) { $0 + $1.pairs }
    return all > 0 ? ranks.map { imagesPerSecond * Double($0.pairs) / Double(all) } : []
  }

  /// Shares of a step's time in which the ranks compute, stand in sums over the ranks, and make pairs: means over the ranks, in sum 1.
  package var shares: (compute: Double, communication: Double, data: Double)? {
    let all = ranks.reduce(0) { $0 + $1.seconds }
    guard all > 0 else { return nil }
    return (
      ranks.reduce(0) { $0 + $1.compute } / all, ranks.reduce(0) { $0 + $1.communication } / all,
      ranks.reduce(0) { $0 + $1.data } / all
    )
  }
}

extension RunProgress {
  /// Where the run stands that `events` tell of; nil before its start.
  package init?(_ events: [RunEvent]) {
    guard events.contains(where: { if case .start = $0 { true } else { false } }) else { return nil }
    self.init()
    for event in events { take(event) }
  }

  /// Takes note of what happened.
  package mutating func take(_ event: RunEvent) {
    switch event {
    case .start(let start):
      (epoch, epochs, stepsPerEpoch, heads) = (start.epoch, start.epochs, start.stepsPerEpoch, start.heads)
      stepInEpoch = start.step - start.epoch * start.stepsPerEpoch
      isSynthetic = start.data == "synthetic"
    case .steps(let steps):
      (epoch, stepInEpoch, seconds) = (steps.epoch - 1, steps.stepInEpoch, steps.seconds)
      (losses, learningRate, ranks) = (steps.losses, steps.learningRate, steps.ranks)
      imagesPerSecond = steps.imagesPerSecond
      epochs = steps.epochs ?? epochs
      secondsPerStep = steps.ranks.map(\.seconds).max()
    case .epoch(let record):
      (epoch, stepInEpoch, seconds) = (record.epoch, 0, record.seconds)
      validation = record.validation
      epochs = record.epochs ?? epochs
      learningRate = record.nextLearningRate
      bestValidationLoss = min(bestValidationLoss ?? .infinity, record.validation.sum)
    case .evaluation, .end:
      break
    }
  }
}
