extension UNetConfiguration {
  /// Floating point operations of the convolutions for one image, computed as plain sums, a multiply-add counting as two.
  ///
  /// Transposed convolutions count all nine taps of every src pixel, dropped ones included; elementwise work is not counted.
  public struct Operations: Sendable, Equatable {
    /// The forward pass.
    public var forward = 0
    /// The gradients of the weights.
    public var backwardWeights = 0
    /// The gradients of the activations; the input needs none.
    public var backwardData = 0
    /// A training step.
    public var training: Int { forward + backwardWeights + backwardData }
  }

  /// What the network computes for one image.
  public var operations: Operations {
    var result = Operations()
    func add(pixels: Int, taps: Int, from inChannels: Int, to outChannels: Int, isFirst: Bool = false) {
      let count = 2 * pixels * taps * inChannels * outChannels
      result.forward += count
      result.backwardWeights += count
      result.backwardData += isFirst ? 0 : count
    }
    for (index, convolution) in convolutions.enumerated() {
      add(
        pixels: pixelCount >> (2 * convolution.stage), taps: 9, from: convolution.inChannels,
        to: convolution.outChannels, isFirst: index == 0)
    }
    for stage in 0..<blocks - 1 {
      add(
        pixels: pixelCount >> (2 * (stage + 1)), taps: 9, from: channels(stage: stage + 1),
        to: channels(stage: stage))
    }
    add(pixels: pixelCount, taps: 1, from: baseChannels, to: heads.count)
    return result
  }

  /// The 3x3 convolutions in the order of the forward pass, without the transposed ones.
  var convolutions: [(stage: Int, inChannels: Int, outChannels: Int)] {
    func ofStage(_ stage: Int, from inChannels: Int) -> [(stage: Int, inChannels: Int, outChannels: Int)] {
      let own = channels(stage: stage)
      return (0..<convolutionsPerBlock).map { (stage, $0 == 0 ? inChannels : own, own) }
    }
    let encoder = (0..<blocks).flatMap { ofStage($0, from: $0 == 0 ? 1 : channels(stage: $0 - 1)) }
    return encoder + (0..<blocks - 1).reversed().flatMap { ofStage($0, from: 2 * channels(stage: $0)) }
  }
}
