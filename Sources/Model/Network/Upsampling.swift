/// The decoder's transposed convolution: doubles rows and columns and writes the first half of a concatenated buffer.
@safe
final class Upsampling: NetworkPart {
  /// Kernel and bias in the flat buffers.
  let range: Range<Int>?
  private let src: Activation
  private let convolution: (any ConvolutionPasses)?
  private let (weights, bias): (Range<Int>, Range<Int>)
  private let plan: NetworkPlan
  private let biasSums: AlignedBuffer<Double>
  private var diffUpsampled: Activation?
  private var diffDst: ActivationView?

  /// `name` as in "decoder.0.up"; `dst` is the slice of the concatenated buffer.
  init(_ name: String, src: Activation, dst: ActivationView, plan: NetworkPlan) throws {
    weights = plan.layout["\(name).weight"].range
    bias = plan.layout["\(name).bias"].range
    range = weights.lowerBound..<bias.upperBound
    let shape = ConvolutionShape(
      batch: src.batch, inChannels: src.channels, outChannels: dst.channels, size: src.size, isTransposed: true)
    self.src = src
    self.plan = plan
    biasSums = AlignedBuffer(repeating: 0, count: shape.outChannels)
    convolution = try unsafe plan.transposedConvolution(
      shape, src: src, dst: dst, weights: plan.values.base + weights.lowerBound,
      bias: plan.values.base + bias.lowerBound)
  }

  /// `diffDst` is the slice of the concatenated buffer's gradient; `diffUpsampled` a dense buffer for its copy.
  func planBackward(diffDst: ActivationView, diffUpsampled: Activation, diffSrc: Activation) throws {
    self.diffDst = diffDst
    self.diffUpsampled = diffUpsampled
    try convolution?.planBackward(src: src, diffDst: diffUpsampled, diffSrc: diffSrc)
  }

  func packWeights() throws { try convolution?.packWeights() }

  func forward() throws { try convolution?.forward() }

  func backward(into gradients: AlignedBuffer<Float>) throws {
    guard let diffDst, let diffUpsampled else {
      preconditionFailure("backward of an upsampling that was planned for inference")
    }
    diffDst.copy(to: diffUpsampled.view)
    let sums = diffUpsampled.view
    unsafe sums.channelSums(into: biasSums.base, scratch: plan.scratch(for: sums.sumsScratchCount))
    for c in 0..<bias.count { unsafe gradients.base[bias.lowerBound + c] = Float(biasSums.base[c]) }
    if let convolution {
      try unsafe convolution.backwardWeights(into: gradients.base + weights.lowerBound)
    } else {
      unsafe gradients.elements(weights).update(repeating: 0)
    }
  }

  func backwardData() throws { try convolution?.backwardData() }
}
