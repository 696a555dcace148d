/// How a run with a time budget goes through its schedule: from where its speed was measured last, evenly to the end.
package struct RunPace: Sendable, Codable, Equatable {
  /// Steps after which the speed is measured first; then at the end of every epoch.
  static let firstMeasurement = 100

  /// Steps done at the measurement, or those of the warm-up, of which the schedule's parts are none.
  var step: Int
  /// The part of the schedule that was done then, 0 to 1.
  var part: Double
  /// The last epoch, counted from 1.
  var lastEpoch: Int
  /// Steps of all epochs.
  var lastStep: Int

  /// The part of the schedule that is done after `step` steps, no less than before.
  func part(step: Int) -> Double {
    // A warm-up as long as the run: before its end the schedule has not begun, and the run may turn out to be longer.
    guard lastStep > self.step else { return step < self.step ? part : 1 }
    return part + (1 - part) * max(0, min(1, Double(step - self.step) / Double(lastStep - self.step)))
  }

  /// Epochs that end nearest to `budget` seconds where `step` steps took `seconds`: at least one that goes on after `step`, so that
  /// the rate falls to its end.
  static func lastEpoch(step: Int, seconds: Double, budget: Double, stepsPerEpoch: Int) -> Int {
    let least = step / stepsPerEpoch + 1
    guard seconds > 0 else { return least }
    let epochs = (Double(step) * budget / seconds / Double(stepsPerEpoch)).rounded()
    // As many as a run numbers in 32 bits; a clock that hardly moved may ask for any.
    return max(least, Int(min(epochs, Double(UInt32.max))))
  }
}
