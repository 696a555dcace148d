/// What a run folder tells of its run: the values of a ``ReportPage``.
package struct RunReport: Sendable {
  /// An option or something that was decided, by its name in config.yaml.
  package struct Entry: Sendable, Equatable {
    package var name: String
    package var value: String
  }

  /// The last part of the folder's path.
  package var name: String
  package var folder: String
  /// In the order of config.yaml; empty where the folder has none.
  package var options: [Entry] = []
  /// What followed from the machine and the data.
  package var decided: [Entry] = []
  /// The run's start and those after each resume; at least one.
  package var starts: [StartRecord]
  package var steps: [StepsRecord] = []
  package var epochs: [EpochRecord] = []
  /// Of the closing evaluation, where the run's last steps have one.
  package var evaluation: EvaluationResult?
  /// nil where the run goes on, or was killed.
  package var end: EndRecord?
  package var samples: SampleSet?

  /// The run in `events`, whose files lie in `folder`; nil where it did not begin.
  init?(folder: String, events: [RunEvent]) {
    (name, self.folder, starts) = (FileSystem.split(folder).name, folder, [])
    for event in events {
      switch event {
      case .start(let record):
        starts.append(record)
        end = nil
      case .steps(let record): steps.append(record)
      case .epoch(let record): epochs.append(record)
      case .evaluation(let record): evaluation = record.result
      case .end(let record): end = record
      }
    }
    if starts.isEmpty { return nil }
  }
}

extension RunReport {
  /// The latest start: what the run is at present.
  var start: StartRecord {
    guard let start = starts.last else { preconditionFailure("a run without a start") }
    return start
  }

  var isSynthetic: Bool { start.data == "synthetic" }
  var ranks: Int { start.hosts.count }

  /// Whether the pictures are those that the published results are about.
  var isComparable: Bool {
    !isSynthetic && start.heads == ["mnist", "fashion"] && !options.contains { $0.name == "sources" }
  }

  /// The epoch whose weights are kept.
  var best: EpochRecord? { epochs.last { $0.isBest } }

  /// Steps that are done and recorded.
  var stepCount: Int { max(steps.last?.step ?? 0, epochs.last?.step ?? 0, end?.step ?? 0) }

  /// Wall seconds since the run's first step, up to the last record.
  var seconds: Double { max(end?.seconds ?? 0, epochs.last?.seconds ?? 0, steps.last?.seconds ?? 0) }

  /// Where a run's line stands, in epochs.
  func place(_ record: StepsRecord) -> Double {
    Double(record.epoch - 1) + Double(record.stepInEpoch) / Double(max(start.stepsPerEpoch, 1))
  }

  /// Pairs that a run had seen after `step` steps.
  func pairs(step: Int) -> Double { Double(step) * Double(start.globalBatch) }

  /// Epochs of the whole run, as far as is known.
  var plannedEpochs: Int {
    let epochs = epochs.last { $0.step > start.step }
    let steps = steps.last { $0.step > start.step && $0.epochs != nil && $0.step > epochs?.step ?? 0 }
    return steps?.epochs ?? epochs?.epochs ?? start.epochs
  }

  /// After which epochs the recipe set another learning rate; none where it sets one before each step.
  var learningRateChanges: [(epoch: Int, rate: Float)] {
    epochs.filter { $0.nextLearningRate != $0.learningRate }.map { ($0.epoch, $0.nextLearningRate) }
  }

  /// Steps since the latest start, on the present ranks.
  private var presentSteps: [StepsRecord] { steps.filter { $0.step > start.step && $0.ranks.count == ranks } }

  /// Pairs in a second over the steps since the latest start; nil where there are none.
  var imagesPerSecond: Double? {
    let records = presentSteps.filter { $0.imagesPerSecond > 0 && $0.imagesPerSecond.isFinite }
    let count = records.reduce(0) { $0 + $1.count }
    guard count > 0 else { return nil }
    // Means of rates are weighted by time.
    return Double(count) / records.reduce(0) { $0 + Double($1.count) / $1.imagesPerSecond }
  }

  /// Means of each rank over the steps since the latest start, in rank order; empty where there are none.
  var rankTimes: [StepsRecord.RankTimes] {
    let records = presentSteps
    let count = Double(records.reduce(0) { $0 + $1.count })
    guard count > 0, let last = records.last else { return [] }
    return last.ranks.indices.map { rank in
      func mean(_ part: KeyPath<StepsRecord.RankTimes, Double>) -> Double {
        records.reduce(0) { $0 + $1.ranks[rank][keyPath: part] * Double($1.count) } / count
      }
      return .init(
        pairs: last.ranks[rank].pairs, data: mean(\.data), compute: mean(\.compute),
        communication: mean(\.communication))
    }
  }
}
