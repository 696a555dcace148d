/// What happens in a run, told on rank 0 to whoever shows or records it: see ``RunRecorder`` and ``RunReporter``.
///
/// As JSON, a line of metrics.jsonl, an event is one object: its fields and, under `event`, its name.
package enum RunEvent: Sendable, Equatable {
  /// The first step is about to be taken, or the first after a resume.
  case start(StartRecord)
  /// Some steps are done; each step belongs to one such record.
  case steps(StepsRecord)
  /// An epoch and its validation are done. After the record of its last steps.
  case epoch(EpochRecord)
  /// The closing evaluation is done.
  case evaluation(EvaluationRecord)
  /// The run leaves, for good or with a checkpoint to go on from. A run that was killed has none.
  case end(EndRecord)

  /// Steps of the run when it happened.
  package var step: Int {
    switch self {
    case .start(let record): record.step
    case .steps(let record): record.step
    case .epoch(let record): record.step
    case .evaluation(let record): record.step
    case .end(let record): record.step
    }
  }
}

extension RunEvent {
  /// Seconds since 1970.
  package var time: Double {
    switch self {
    case .start(let record): record.time
    case .steps(let record): record.time
    case .epoch(let record): record.time
    case .evaluation(let record): record.time
    case .end(let record): record.time
    }
  }
}

extension RunEvent: Codable {
  private enum Name: String, Codable { case start, steps, epoch, evaluation, end }
  private enum Key: String, CodingKey { case event }

  package init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: Key.self).decode(Name.self, forKey: .event) {
    case .start: self = .start(try StartRecord(from: decoder))
    case .steps: self = .steps(try StepsRecord(from: decoder))
    case .epoch: self = .epoch(try EpochRecord(from: decoder))
    case .evaluation: self = .evaluation(try EvaluationRecord(from: decoder))
    case .end: self = .end(try EndRecord(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    let (name, record): (Name, any Encodable) =
      switch self {
      case .start(let record): (.start, record)
      case .steps(let record): (.steps, record)
      case .epoch(let record): (.epoch, record)
      case .evaluation(let record): (.evaluation, record)
      case .end(let record): (.end, record)
      }
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .event)
    try record.encode(to: encoder)
  }
}

/// What a run is, at its start and at each resume.
package struct StartRecord: Sendable, Codable, Equatable {
  /// Seconds since 1970.
  package var time: Double
  /// Steps done before.
  package var step: Int
  /// Complete epochs.
  package var epoch: Int
  package var epochs: Int
  package var stepsPerEpoch: Int
  package var validationSteps: Int
  package var globalBatch: Int
  package var parameters: Int
  /// Names of the two heads.
  package var heads: [String]
  /// Where the pictures come from; "synthetic" where they were drawn.
  package var data: String
  package var precision: String
  package var recipe: String
  /// The host of every rank.
  package var hosts: [String]
  package var threads: Int
}

/// A stretch of steps.
package struct StepsRecord: Sendable, Codable, Equatable {
  /// Seconds since 1970.
  package var time: Double
  /// Steps of the run at its end.
  package var step: Int
  /// The epoch of its steps, counted from 1.
  package var epoch: Int
  /// Steps of that epoch at its end.
  package var stepInEpoch: Int
  /// Epochs of the whole run as far as is known then, where a time budget decides; nil in other and in older runs.
  package var epochs: Int?
  /// How many steps it is.
  package var count: Int
  /// Means over its steps.
  package var losses: TrainingStep.Losses
  package var learningRate: Float
  /// Length of the gradient of its last step, before any clipping; NaN where the step after it met NaN or infinity.
  package var gradientNorm: Double
  package var imagesPerSecond: Double
  /// Wall seconds since the run's first step, those before a resume too.
  package var seconds: Double
  /// What every rank did, in rank order.
  package var ranks: [RankTimes]

  /// Means of one rank, seconds of a step.
  package struct RankTimes: Sendable, Codable, Equatable {
    /// Its pairs of every global batch.
    package var pairs: Int
    /// Making the pairs.
    package var data: Double
    /// Forward, loss, backward and update, without sums over the ranks.
    package var compute: Double
    /// Sums over the ranks that the rank stood and waited for: statistics, what of the gradients the backward pass did not hide, and the
    /// exchange of kernels that one rank moved for all.
    package var communication: Double

    /// All of a step.
    package var seconds: Double { data + compute + communication }
  }
}

/// An epoch, as a line of metrics.csv has it too.
package struct EpochRecord: Sendable, Codable, Equatable {
  /// Counted from 1.
  package var epoch: Int
  /// Steps done at its end.
  package var step: Int
  /// Of its last step.
  package var learningRate: Float
  /// Means over its steps.
  package var losses: TrainingStep.Losses
  /// Means over the validation batches after it.
  package var validation: TrainingStep.Losses
  package var imagesPerSecond: Double
  /// Wall seconds since the run's first step.
  package var seconds: Double
  /// Seconds since 1970.
  package var time: Double
  /// Its validation loss is the least so far.
  package var isBest: Bool
  /// What the recipe has set at its end. The fast recipe sets a rate before each step, and this is the last one's.
  package var nextLearningRate: Float
  /// Of the whole run, as far as is known; missing in records of older programs.
  package var epochs: Int?
}

/// The closing evaluation.
package struct EvaluationRecord: Sendable, Codable, Equatable {
  /// Seconds since 1970.
  package var time: Double
  package var step: Int
  package var result: EvaluationResult
}

/// The end of a run, or of its part until a resume.
package struct EndRecord: Sendable, Codable, Equatable {
  package enum Reason: String, Sendable, Codable {
    /// All epochs are done.
    case done
    /// The recipe ended the run before its last epoch.
    case early
    /// Somebody asked it to stop; a checkpoint is saved.
    case asked
  }
  /// Seconds since 1970.
  package var time: Double
  package var step: Int
  package var reason: Reason
  /// Wall seconds since the run's first step.
  package var seconds: Double
}
