/// Convolution, batch normalisation, ReLU: the unit that the network is made of.
@safe
final class NormalisedConvolution: NetworkPart {
  /// Parameters of the unit in the flat buffers: kernel, bias, gamma, beta, next to each other.
  let range: Range<Int>?
  var normalisation: Normalisation? { statistics }
  var sums: AlignedBuffer<Double>? { ownSums }

  /// Shared by the slices.
  private let statistics: Normalisation
  /// Of this slice.
  private let ownSums: AlignedBuffer<Double>

  private let src: Activation
  /// Output of the convolution, input of the normalisation; kept for the backward pass.
  private let convolved: Activation
  private let dst: ActivationView
  private let convolution: (any ConvolutionPasses)?
  private let scratch: AlignedBuffer<Double>
  private let (weights, bias, gamma, beta): (Range<Int>, Range<Int>, Range<Int>, Range<Int>)

  private var diffDst: Activation?
  private var hasDiffSrc = false

  /// `name` is the stage's ("encoder.0") and `index` the unit's place in it. `dst` may be a slice of a wider buffer.
  init(
    stage: String, index: Int, src: Activation, convolved: Activation, dst: ActivationView, plan: NetworkPlan
  ) throws {
    let layout = plan.layout
    let name = "\(stage).conv.\(index)"
    weights = layout["\(name).weight"].range
    bias = layout["\(name).bias"].range
    gamma = layout["\(stage).bn.\(index).gamma"].range
    beta = layout["\(stage).bn.\(index).beta"].range
    range = weights.lowerBound..<beta.upperBound
    statistics = plan.normalisation("\(stage).bn.\(index)")
    ownSums = AlignedBuffer(repeating: 0, count: statistics.forwardSumCount)
    self.src = src
    self.convolved = convolved
    self.dst = dst
    scratch = plan.scratch(for: convolved.view.sumsScratchCount)
    let shape = ConvolutionShape(
      batch: src.batch, inChannels: src.channels, outChannels: convolved.channels, size: src.size, isTransposed: false)
    convolution = try unsafe plan.convolution(
      shape, src: src, dst: convolved, weights: plan.values.base + weights.lowerBound,
      bias: plan.values.base + bias.lowerBound)
  }

  /// `diffDst` holds the gradient of dst when `backward` is called, and is overwritten; `diffSrc` receives that of src.
  func planBackward(diffDst: Activation, diffSrc: Activation?) throws {
    self.diffDst = diffDst
    hasDiffSrc = diffSrc != nil
    try convolution?.planBackward(src: src, diffDst: diffDst, diffSrc: diffSrc)
  }

  func packWeights() throws { try convolution?.packWeights() }

  func forward() throws { try convolution?.forward() }

  func measure() {
    unsafe ownSums.base[0] = Double(convolved.batch * convolved.size * convolved.size)
    unsafe convolved.view.statistics(shift: statistics.movingMean, into: ownSums.base + 1, scratch: scratch)
  }

  func finishForward() { convolved.view.normaliseAndRectify(into: dst, statistics) }

  func measureBackward(into gradients: AlignedBuffer<Float>) {
    unsafe convolved.view.normalisationBackwardSums(
      diffDst: plannedDiffDst.view, statistics, into: ownSums.base, scratch: scratch)
    for c in 0..<statistics.channels {
      unsafe gradients.base[beta.lowerBound + c] = Float(ownSums.base[c])
      unsafe gradients.base[gamma.lowerBound + c] = Float(ownSums.base[statistics.channels + c])
    }
  }

  func backward(into gradients: AlignedBuffer<Float>) throws {
    let diffDst = plannedDiffDst.view
    convolved.view.normalisationBackward(diffDst: diffDst, into: diffDst, statistics)
    // A bias in front of a normalisation has no effect on the loss: its gradient is exactly 0. With frozen statistics it would
    // have the effect of beta, which moves for both.
    unsafe gradients.elements(bias).update(repeating: 0)
    if let convolution {
      try unsafe convolution.backwardWeights(into: gradients.base + weights.lowerBound)
    } else {
      unsafe gradients.elements(weights).update(repeating: 0)
    }
  }

  func backwardData() throws {
    if hasDiffSrc { try convolution?.backwardData() }
  }

  private var plannedDiffDst: Activation {
    guard let diffDst else { preconditionFailure("backward of a unit that was planned for inference") }
    return diffDst
  }
}
