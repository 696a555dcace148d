internal import Kernels

/// State of one batch normalisation: what its kernels read, and its batch statistics over all slices and ranks.
///
/// Statistics are sums about a shift that every rank knows, the layer's moving mean: one allreduce of
/// (n, sum(x - k), sum((x - k)^2)) in f64 gives mean = k + S1 / n and the biased variance (S2 - S1^2 / n) / n.
/// Epsilon 1e-3 is Keras's.
@safe
final class Normalisation {
  static let epsilon = 1e-3

  /// As in "encoder.0.bn.1".
  let name: String
  let channels: Int
  /// Mean that is subtracted: the batch's in training, the moving one in inference and where statistics are frozen.
  let mean: AlignedBuffer<Float>
  let inverseDeviation: AlignedBuffer<Float>
  /// gamma * inverseDeviation.
  let scale: AlignedBuffer<Float>
  /// Means over the global batch of g and of g * xhat, for the backward pass.
  let meanGradient: AlignedBuffer<Float>
  let meanGradientTimesNormalised: AlignedBuffer<Float>
  /// Biased variance of the batch.
  let variance: AlignedBuffer<Float>

  private let gamma: UnsafeMutablePointer<Float>
  let beta: UnsafeMutablePointer<Float>
  /// The shift of the sums.
  let movingMean: UnsafeMutablePointer<Float>
  private let movingVariance: UnsafeMutablePointer<Float>

  /// Pixels of the global batch in this layer, from the last forward pass.
  private var globalCount = 0.0

  /// Reads the parameters of the layer `name` in the flat buffer `values`.
  init(_ name: String, layout: ParameterLayout, values: AlignedBuffer<Float>) {
    func pointer(_ suffix: String) -> UnsafeMutablePointer<Float> {
      unsafe values.base + layout["\(name).\(suffix)"].range.lowerBound
    }
    self.name = name
    unsafe gamma = pointer("gamma")
    unsafe beta = pointer("beta")
    unsafe movingMean = pointer("moving_mean")
    unsafe movingVariance = pointer("moving_variance")
    let channels = layout["\(name).gamma"].range.count
    self.channels = channels
    func buffer() -> AlignedBuffer<Float> { AlignedBuffer(repeating: 0, count: channels) }
    (mean, inverseDeviation, scale, variance) = (buffer(), buffer(), buffer(), buffer())
    (meanGradient, meanGradientTimesNormalised) = (buffer(), buffer())
  }

  /// Doubles of the sums that travel forward: (n, S1[C], S2[C]).
  var forwardSumCount: Int { 1 + 2 * channels }
  /// Doubles of those that travel backward: (S1[C], S2[C]).
  var backwardSumCount: Int { 2 * channels }

  /// Takes the sums (n, S1[C], S2[C]) of all pictures as the batch's statistics, and moves the moving ones, which keep `momentum` of
  /// themselves, towards them.
  func takeSums(_ sums: UnsafeMutableBufferPointer<Double>, momentum: Double) {
    precondition(sums.count == forwardSumCount, "\(sums.count) sums of \(channels) channels")
    let n = unsafe sums[0]
    globalCount = n
    for c in 0..<channels {
      let (first, second) = unsafe (sums[1 + c], sums[1 + channels + c])
      let batchMean = unsafe Double(movingMean[c]) + first / n
      // Rounding may leave a constant channel a hair below zero; NaN must come through.
      let raw = (second - first * first / n) / n
      let batchVariance = raw < 0 ? 0 : raw
      let deviation = 1 / (batchVariance + Self.epsilon).squareRoot()
      unsafe mean.base[c] = Float(batchMean)
      unsafe variance.base[c] = Float(batchVariance)
      unsafe inverseDeviation.base[c] = Float(deviation)
      unsafe scale.base[c] = Float(Double(gamma[c]) * deviation)
      unsafe movingMean[c] = Float(Double(movingMean[c]) * momentum + batchMean * (1 - momentum))
      unsafe movingVariance[c] = Float(
        Double(movingVariance[c]) * momentum + batchVariance * (1 - momentum))
    }
  }

  /// Takes the moving statistics, for inference and for training with frozen ones.
  func useMovingStatistics() {
    for c in 0..<channels {
      let deviation = unsafe 1 / (Double(movingVariance[c]) + Self.epsilon).squareRoot()
      unsafe mean.base[c] = movingMean[c]
      unsafe inverseDeviation.base[c] = Float(deviation)
      unsafe scale.base[c] = Float(Double(gamma[c]) * deviation)
    }
  }

  /// Statistics that do not depend on the batch pass no gradient on.
  func takeNoBackwardSums() {
    unsafe meanGradient.elements.update(repeating: 0)
    unsafe meanGradientTimesNormalised.elements.update(repeating: 0)
  }

  /// Takes the sums (S1[C], S2[C]) of g and g * xhat over all pictures.
  func takeBackwardSums(_ sums: UnsafeMutableBufferPointer<Double>) {
    precondition(sums.count == backwardSumCount, "\(sums.count) backward sums of \(channels) channels")
    for c in 0..<channels {
      unsafe meanGradient.base[c] = Float(sums[c] / globalCount)
      unsafe meanGradientTimesNormalised.base[c] = Float(sums[channels + c] / globalCount)
    }
  }
}
