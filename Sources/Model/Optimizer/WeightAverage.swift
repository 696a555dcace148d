import Kernels

/// A moving average of all weights with their moving statistics: `average += (weights - average)(1 - decay)` after every step.
///
/// The first steps count for more, so that the beginning is soon forgotten: `decay` of step t, counted from 1, is at most
/// (1 + t) / (10 + t) (as in TensorFlow's ExponentialMovingAverage).
package struct WeightAverage: Sendable {
  /// The greatest decay, at least 0 and below 1.
  package let decay: Double

  package init(decay: Double) {
    precondition((0..<1).contains(decay), "a decay of \(decay)")
    self.decay = decay
  }

  /// The part of itself that the average keeps at `step`, counted from 1.
  package func decay(step: Int) -> Double { min(decay, Double(1 + step) / Double(10 + step)) }

  /// The part of the weights after `step` that joins the average.
  package func share(step: Int) -> Double { 1 - decay(step: step) }

  /// Takes in the weights after `step`, counted from 1. Local, the same on every rank; allocates nothing. C: `kernels_average`.
  package func update(_ average: AlignedBuffer<Float>, weights: AlignedBuffer<Float>, step: Int) {
    precondition(average.count == weights.count, "an average of \(average.count) values of \(weights.count)")
    unsafe kernels_average(average.base, weights.base, Int64(weights.count), Float(share(step: step)))
  }
}
