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
    func addStage(_ stage: Int, from inChannels: Int, isFirst: Bool = false) {
      let pixels = pixelCount >> (2 * stage)
      for j in 0..<convolutionsPerBlock {
        add(
          pixels: pixels, taps: 9, from: j == 0 ? inChannels : channels(stage: stage), to: channels(stage: stage),
          isFirst: isFirst && j == 0)
      }
    }
    for stage in 0..<blocks { addStage(stage, from: stage == 0 ? 1 : channels(stage: stage - 1), isFirst: stage == 0) }
    for stage in (0..<blocks - 1).reversed() {
      add(
        pixels: pixelCount >> (2 * (stage + 1)), taps: 9, from: channels(stage: stage + 1),
        to: channels(stage: stage))
      addStage(stage, from: 2 * channels(stage: stage))
    }
    add(pixels: pixelCount, taps: 1, from: baseChannels, to: heads.count)
    return result
  }
}
