/// The text of the progress line, a few times a second.
struct ProgressMeter {
  /// Seconds between two texts.
  static let interval = 0.25

  private let configuration: RunConfiguration
  private var last = Stopwatch.now
  private var lastStep: Int?
  /// Seconds of a step, smoothed over the last texts.
  private var secondsPerStep: Double?

  init(_ configuration: RunConfiguration) { self.configuration = configuration }

  /// The text after the step that `state` counts; nil where the last one is too fresh.
  mutating func text(state: TrainingState, loss: Double, isSynthetic: Bool) -> String? {
    let now = Stopwatch.now
    guard let before = lastStep else {
      // The first step plans and warms up: it says nothing about the others.
      (last, lastStep) = (now, state.step)
      return nil
    }
    guard now - last >= Self.interval, state.step > before else { return nil }
    let measured = (now - last) / Double(state.step - before)
    let smoothed = secondsPerStep.map { $0 * 0.8 + measured * 0.2 } ?? measured
    (last, lastStep, secondsPerStep) = (now, state.step, smoothed)

    let epochsLeft = configuration.epochs - state.epoch
    let stepsLeft = epochsLeft * configuration.stepsPerEpoch - state.stepInEpoch
    var text =
      "epoch \(state.epoch + 1)/\(configuration.epochs)  step \(state.stepInEpoch)/\(configuration.stepsPerEpoch)  "
      + "loss \(significant(loss))  \(decimal(Double(configuration.globalBatch) / smoothed, places: 0)) images/s  "
      + "ETA \(clockTime(Double(stepsLeft) * smoothed))"
    if isSynthetic { text += "  [synthetic]" }
    return text
  }
}
