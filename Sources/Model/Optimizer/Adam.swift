import Glibc
import Kernels

/// Keras's Adam over the flat buffers.
///
/// `m += (g - m)(1 - beta1)`, `v += (g² - v)(1 - beta2)`, `w -= alpha m / (sqrt(v) + epsilon)` with
/// `alpha = learningRate sqrt(1 - beta2^t) / (1 - beta1^t)`: epsilon joins the uncorrected `sqrt(v)`.
///
/// `alpha` is computed in f64 from exact beta1 and beta2 and rounded once, as the reference does. Keras rounds beta2 to
/// f32 before it raises it to t, which makes its first step shorter by 6.4e-6 of itself: 6.4e-9 of a weight, far below
/// an f32 weight's own rounding, so that quirk is not copied.
package struct Adam: Sendable {
  /// Step length; the schedule changes it.
  package var learningRate: Double
  /// Decay of the first moment.
  package let beta1: Double
  /// Decay of the second moment.
  package let beta2: Double
  /// Added to the uncorrected root of the second moment.
  package let epsilon: Double

  /// Keras's defaults.
  package init(learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// The factor of `m / (sqrt(v) + epsilon)` at `step`, which counts from 1.
  package func alpha(step: Int) -> Double {
    precondition(step >= 1, "step \(step): steps count from 1")
    return learningRate * (1 - pow(beta2, Double(step))).squareRoot() / (1 - pow(beta1, Double(step)))
  }

  /// One step over elements `range` of four buffers, in place; `gradients` are read only. `step` counts from 1.
  ///
  /// Moves every element by its own gradient alone, so bit-identical for any instruction set. C: `kernels_adam`.
  package func update(
    weights: AlignedBuffer<Float>, gradients: AlignedBuffer<Float>, firstMoments: AlignedBuffer<Float>,
    secondMoments: AlignedBuffer<Float>, range: Range<Int>, step: Int
  ) {
    for buffer in [weights, gradients, firstMoments, secondMoments] {
      precondition(
        range.lowerBound >= 0 && range.upperBound <= buffer.count,
        "Adam over elements \(range) of a buffer of \(buffer.count)")
    }
    unsafe kernels_adam(
      weights.base + range.lowerBound, gradients.base + range.lowerBound, firstMoments.base + range.lowerBound,
      secondMoments.base + range.lowerBound, Int64(range.count), Float(alpha(step: step)),
      Float(1 - beta1), Float(1 - beta2), Float(epsilon))
  }
}
