/// Convolution, batch normalisation, ReLU: the unit that the network is made of.
@safe
final class NormalisedConvolution {
  /// Parameters of the unit in the flat buffers: kernel, bias, gamma, beta, next to each other.
  let range: Range<Int>
  let normalisation: Normalisation

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
    normalisation = Normalisation("\(stage).bn.\(index)", layout: layout, values: plan.values)
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

  /// Collective: the statistics are those of the global batch.
  func forwardTraining(ranks: any CrossRankSums) throws {
    try convolution?.forward()
    let pixels = convolved.batch * convolved.size * convolved.size
    try normalisation.measure(convolved.view, localCount: pixels, scratch: scratch, ranks: ranks)
    convolved.view.normaliseAndRectify(into: dst, normalisation)
  }

  /// Local: with the statistics that `Normalisation.useMovingStatistics()` took.
  func forwardInference() throws {
    try convolution?.forward()
    convolved.view.normaliseAndRectify(into: dst, normalisation)
  }

  /// Collective. Writes this rank's part of the unit's gradients.
  func backward(into gradients: AlignedBuffer<Float>, ranks: any CrossRankSums) throws {
    guard let diffDst else { preconditionFailure("backward of a unit that was planned for inference") }
    try unsafe normalisation.measureBackward(
      convolved.view, diffDst: diffDst.view, scratch: scratch, ranks: ranks,
      diffGamma: gradients.base + gamma.lowerBound, diffBeta: gradients.base + beta.lowerBound)
    convolved.view.normalisationBackward(diffDst: diffDst.view, into: diffDst.view, normalisation)
    // A bias in front of a normalisation has no effect on the loss: its gradient is exactly 0.
    unsafe gradients.elements(bias).update(repeating: 0)
    if let convolution {
      try unsafe convolution.backwardWeights(into: gradients.base + weights.lowerBound)
    } else {
      unsafe gradients.elements(weights).update(repeating: 0)
    }
    try ranks.gradientsAreComplete(range)
    if hasDiffSrc { try convolution?.backwardData() }
  }
}
