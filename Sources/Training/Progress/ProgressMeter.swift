/// Keeps the progress of a run up to date on rank 0, and says when it is to be shown: a few times a second.
struct ProgressMeter {
  /// Seconds between two looks at it.
  static let interval = 0.25

  var progress: RunProgress
  private var last: Double
  private var lastStep: Int?

  /// Of a run that goes on from `state`. Times, here and below, are those of ``Stopwatch``.
  init(_ configuration: RunConfiguration, state: TrainingState, isSynthetic: Bool, now: Double = Stopwatch.now) {
    last = now
    progress = RunProgress()
    (progress.epochs, progress.stepsPerEpoch) = (
      state.recipe.lastEpoch ?? configuration.epochs, configuration.stepsPerEpoch
    )
    (progress.heads, progress.isSynthetic) = (configuration.network.heads, isSynthetic)
    (progress.epoch, progress.stepInEpoch) = (state.epoch, state.stepInEpoch)
    if state.recipe.best.isFinite { progress.bestValidationLoss = state.recipe.best }
    progress.learningRate = state.recipe.learningRate
    globalBatch = configuration.globalBatch
  }

  private let globalBatch: Int

  /// What happened, as it was recorded.
  mutating func take(_ event: RunEvent) {
    let pace = (progress.imagesPerSecond, progress.secondsPerStep)
    progress.take(event)
    // The meter's own are newer.
    if pace.0 != nil { (progress.imagesPerSecond, progress.secondsPerStep) = pace }
  }

  /// After the step that `state` counts; nil where the last look is too fresh.
  mutating func afterStep(
    _ state: TrainingState, losses: TrainingStep.Losses, now: Double = Stopwatch.now
  ) -> RunProgress? {
    guard let before = lastStep else {
      // The first step plans and warms up: it says nothing about the others.
      (last, lastStep) = (now, state.step)
      return nil
    }
    guard now - last >= Self.interval, state.step > before else { return nil }
    let measured = (now - last) / Double(state.step - before)
    let smoothed = progress.secondsPerStep.map { $0 * 0.8 + measured * 0.2 } ?? measured
    (last, lastStep) = (now, state.step)
    progress.activity = .training
    (progress.epoch, progress.stepInEpoch, progress.seconds) = (state.epoch, state.stepInEpoch, state.seconds)
    (progress.losses, progress.learningRate) = (losses, state.recipe.learningRate)
    (progress.secondsPerStep, progress.imagesPerSecond) = (smoothed, Double(globalBatch) / smoothed)
    return progress
  }

  /// While something else than training is done; nil where the last look is too fresh.
  mutating func during(_ activity: RunProgress.Activity, now: Double = Stopwatch.now) -> RunProgress? {
    progress.activity = activity
    // Steps that follow are measured from their first one on.
    lastStep = nil
    guard now - last >= Self.interval else { return nil }
    last = now
    return progress
  }
}
