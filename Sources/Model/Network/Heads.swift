internal import Kernels

/// The two 1x1 convolutions with ReLU, their squared errors, and the start of the backward pass; always f32.
@safe
final class Heads: NetworkPart {
  /// Both heads' kernels and biases in the flat buffers.
  let range: Range<Int>?
  /// [2, batch, size, size] f32, head-major.
  let predictions: AlignedBuffer<Float>
  let targets: AlignedBuffer<Float>
  /// [2, batch]: each picture's sum over its pixels, f64.
  let squaredErrors: AlignedBuffer<Double>

  private let src: Activation
  private let values: AlignedBuffer<Float>
  private let tensors: [(weights: Range<Int>, bias: Range<Int>)]
  private let (weights, bias): (AlignedBuffer<Float>, AlignedBuffer<Float>)
  private let diffPredictions: AlignedBuffer<Float>?
  private let (diffWeights, diffBias): (AlignedBuffer<Double>, AlignedBuffer<Double>)
  private let scratch: AlignedBuffer<Double>
  private var diffSrc: Activation?

  init(src: Activation, mode: UNet.Mode, plan: NetworkPlan) {
    let layout = plan.layout
    tensors = layout.configuration.heads.map { (layout["head.\($0).weight"].range, layout["head.\($0).bias"].range) }
    precondition(tensors.count == 2, "\(tensors.count) heads; the head kernels serve two")
    range = tensors[0].weights.lowerBound..<tensors[1].bias.upperBound
    self.src = src
    values = plan.values
    let pixels = src.batch * src.size * src.size
    predictions = AlignedBuffer(repeating: 0, count: 2 * pixels)
    targets = AlignedBuffer(repeating: 0, count: 2 * pixels)
    squaredErrors = AlignedBuffer(repeating: 0, count: 2 * src.batch)
    weights = AlignedBuffer(repeating: 0, count: 2 * src.channels)
    bias = AlignedBuffer(repeating: 0, count: 2)
    diffPredictions = mode == .training ? AlignedBuffer(repeating: 0, count: 2 * pixels) : nil
    diffWeights = AlignedBuffer(repeating: 0, count: 2 * src.channels)
    diffBias = AlignedBuffer(repeating: 0, count: 2)
    scratch = plan.scratch(for: src.view.sumsScratchCount)
  }

  func planBackward(diffSrc: Activation) { self.diffSrc = diffSrc }

  /// Brings the two kernels side by side, [2, C].
  func packWeights() {
    for (h, tensor) in tensors.enumerated() {
      for c in 0..<src.channels {
        unsafe weights.base[h * src.channels + c] = values.base[tensor.weights.lowerBound + c]
      }
      unsafe bias.base[h] = values.base[tensor.bias.lowerBound]
    }
  }

  func forward() { src.view.heads(weights: weights, bias: bias, into: predictions) }

  /// Squared errors and, in training, the gradient of `loss` over `globalBatch` pictures at the predictions.
  func computeLoss(_ loss: TrainingLoss, globalBatch: Int) {
    let pixels = src.size * src.size
    switch loss {
    case .mse:
      let factor = 2 / (Double(globalBatch) * Double(pixels))
      unsafe kernels_squared_error(
        predictions.base, targets.base, Int64(predictions.count), Int64(pixels), Float(factor), squaredErrors.base,
        diffPredictions?.base)
    case .rmse:
      // sqrt(e / pixels) of an image's sum e changes with a pixel's error d by d / sqrt(e * pixels).
      let scale = 1 / (Double(globalBatch) * Double(pixels).squareRoot())
      unsafe kernels_root_squared_error(
        predictions.base, targets.base, Int64(predictions.count), Int64(pixels), Float(scale), squaredErrors.base,
        diffPredictions?.base)
    }
  }

  /// Writes this slice's part of the heads' gradients and, in the same pass, the gradient of src.
  func backward(into gradients: AlignedBuffer<Float>) {
    guard let diffSrc, let diffPredictions else { preconditionFailure("backward of heads planned for inference") }
    src.view.headsBackward(
      diffDst: diffPredictions, weights: weights, diffSrc: diffSrc.view, diffWeights: diffWeights, diffBias: diffBias,
      scratch: scratch)
    for (h, tensor) in tensors.enumerated() {
      for c in 0..<src.channels {
        unsafe gradients.base[tensor.weights.lowerBound + c] = Float(diffWeights.base[h * src.channels + c])
      }
      unsafe gradients.base[tensor.bias.lowerBound] = Float(diffBias.base[h])
    }
  }
}
