import Glibc

/// A learning rate that rises evenly to its peak and falls to nothing at the end of the run: along half a cosine (Loshchilov, Hutter
/// 2017), or constant until the last part of the run and evenly from there (Hägele et al. 2024).
package struct LearningRateSchedule: Sendable, Equatable {
  /// The highest rate.
  package var peak: Double
  /// Steps until it is reached.
  package var warmUp: Int
  /// Steps of the whole run.
  package var steps: Int
  /// The part of the steps after the warm-up in which the rate falls evenly, above 0 and at most 1; nil for half a cosine.
  package var coolDown: Double?

  package init(peak: Double, warmUp: Int, steps: Int, coolDown: Double? = nil) {
    (self.peak, self.warmUp, self.steps, self.coolDown) = (peak, warmUp, steps, coolDown)
  }

  /// The rate of the step before which `step` steps were taken; where a `pace` was measured, that decides when the rate falls.
  package func learningRate(step: Int, pace: RunPace? = nil) -> Double {
    if step < warmUp { return peak * Double(step + 1) / Double(warmUp) }
    let rest = 1 - part(step: step, pace: pace)
    if let coolDown { return peak * min(1, rest / coolDown) }
    return peak * (1 - cos(.pi * rest)) / 2
  }

  /// The part of the steps after the warm-up that is done after `step` steps, 0 to 1; by the `pace` where one was measured.
  func part(step: Int, pace: RunPace?) -> Double {
    if let pace { return pace.part(step: step) }
    guard steps > warmUp else { return 0 }
    return max(0, min(1, Double(step - warmUp) / Double(steps - warmUp)))
  }

  /// Steps that are taken before the rate falls: until then schedules with the same peak and warm-up are the same.
  package var stepsBeforeFall: Int {
    guard let coolDown else { return warmUp }
    return stepsBefore(lastPart: coolDown)
  }

  /// Steps that are taken before the last `part` of the steps after the warm-up begins.
  func stepsBefore(lastPart part: Double) -> Int {
    steps > warmUp ? warmUp + Int((1 - part) * Double(steps - warmUp)) : warmUp
  }
}
