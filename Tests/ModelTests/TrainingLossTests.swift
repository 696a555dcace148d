import TestSupport
import Testing

@testable import Model

/// The gradient of each loss, from the gradient of the mean squared error, which the oracle proves.
struct TrainingLossTests {
  private static let configuration = UNetConfiguration(baseChannels: 16, blocks: 2, convolutionsPerBlock: 1)
  private static let layout = ParameterLayout(configuration)

  /// The gradients of a step on one picture, whose targets `change` may alter once the predictions are known, and both squared errors.
  private func step(
    _ loss: TrainingLoss, _ change: (_ predictions: [Float], _ targets: inout [Float]) -> Void = { _, _ in }
  ) throws -> (gradients: [Float], errors: [Double]) {
    let (input, whole) = UNetTests.pictures(1)
    var targets = whole
    let network = try SlicedNetwork(
      configuration: Self.configuration, values: UNetTests.weights(Self.layout), batches: [1], precision: .f32)
    let gradients = AlignedBuffer<Float>(repeating: .nan, count: Self.layout.trainedCount)
    let slice = network.slices[0]
    unsafe _ = slice.input.update(fromContentsOf: input)
    try network.forwardTraining(sums: SingleProcessSums())
    change(unsafe Array(slice.predictions), &targets)
    unsafe _ = slice.targets.update(fromContentsOf: targets)
    network.computeLoss(loss, globalBatch: 1)
    try network.backward(into: gradients, sums: SingleProcessSums())
    return (gradients.array(), unsafe Array(slice.squaredErrors))
  }

  /// sqrt(m) changes by dm / (2 sqrt(m)): of two heads, each one's gradient of m alone over twice its root.
  @Test func theGradientOfARootIsThatOfItsSquareOverTwiceTheRoot() throws {
    let pixels = Self.configuration.pixelCount
    let (root, errors) = try step(.rmse)
    #expect(errors.allSatisfy { $0 > 1 })
    var expected = [Double](repeating: 0, count: root.count)
    for head in 0..<2 {
      // The other head predicts its target, so that it has no gradient.
      let other = (1 - head) * pixels..<(2 - head) * pixels
      let (alone, _) = try step(.mse) { predictions, targets in
        targets.replaceSubrange(other, with: predictions[other])
      }
      let mean = errors[head] / Double(pixels)
      for (index, gradient) in alone.enumerated() { expected[index] += Double(gradient) / (2 * mean.squareRoot()) }
    }
    for tensor in Self.layout.tensors where tensor.range.upperBound <= Self.layout.trainedCount {
      guard tensor.role != .normalisedBias else { continue }
      #expect(relativeError(Array(root[tensor.range]), Array(expected[tensor.range])) < 1e-4, "\(tensor.name)")
    }
  }

  @Test func aPictureWithoutErrorHasNoGradient() throws {
    let (gradients, errors) = try step(.rmse) { predictions, targets in targets = predictions }
    #expect(errors == [0, 0] && gradients.allSatisfy { $0 == 0 })
  }

  @Test func theErrorsAreSquaresWhateverTheLoss() throws {
    #expect(try step(.rmse).errors == step(.mse).errors)
  }
}
