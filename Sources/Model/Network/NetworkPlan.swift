/// What the parts of a network share while they are planned: parameters, engine, and buffers that take turns.
@safe
final class NetworkPlan {
  let layout: ParameterLayout
  let values: AlignedBuffer<Float>
  let precision: Precision
  let batch: Int
  let mode: UNet.Mode
  private let context: OneDNNContext
  private let winogradScratch = WinogradScratch()
  /// By name; those of another slice's network where the slices share them.
  private(set) var normalisations: [String: Normalisation]

  /// Two blocks of bytes, each as large as the largest activation that takes turns in it: in training the gradients of activations, in
  /// inference the activations themselves.
  private let turns: [AlignedBuffer<UInt8>]
  private let sumsScratch: AlignedBuffer<Double>

  init(
    layout: ParameterLayout, values: AlignedBuffer<Float>, precision: Precision, batch: Int, mode: UNet.Mode,
    normalisations: [String: Normalisation]
  ) throws {
    self.layout = layout
    self.values = values
    self.precision = precision
    self.batch = batch
    self.mode = mode
    self.normalisations = normalisations
    context = try OneDNNContext()
    let configuration = layout.configuration
    // No activation that takes turns is larger than one of the outermost stage: inner ones have a quarter of the pixels
    // and twice the channels, and concatenated buffers do not take turns.
    let byteCount = Activation.byteCount(
      precision, batch: batch, size: configuration.imageSize, channels: configuration.baseChannels)
    turns = (0..<2).map { _ in AlignedBuffer(repeating: 0, count: byteCount) }
    let turn = turns[0]
    let largest = (0..<configuration.blocks).map { stage in
      Activation(
        precision, batch: batch, size: configuration.imageSize >> stage,
        channels: configuration.channels(stage: stage), sharing: turn
      ).view.sumsScratchCount
    }.max()!
    sumsScratch = AlignedBuffer(repeating: 0, count: largest)
  }

  /// An activation with bytes of its own.
  func activation(size: Int, channels: Int) -> Activation {
    Activation(precision, batch: batch, size: size, channels: channels)
  }

  /// An activation in block `turn` (0 or 1): valid until the next activation of that block is written.
  func shared(_ turn: Int, size: Int, channels: Int) -> Activation {
    Activation(precision, batch: batch, size: size, channels: channels, sharing: turns[turn])
  }

  /// The state of the layer `name`, as in "encoder.0.bn.1".
  func normalisation(_ name: String) -> Normalisation {
    if let shared = normalisations[name] { return shared }
    let new = Normalisation(name, layout: layout, values: values)
    normalisations[name] = new
    return new
  }

  /// The scratch of the summing kernels, which run one at a time.
  func scratch(for count: Int) -> AlignedBuffer<Double> {
    precondition(count <= sumsScratch.count, "scratch of \(count) doubles in a block of \(sumsScratch.count)")
    return sumsScratch
  }

  /// The convolution for `shape` by Winograd's algorithm where it fits, else oneDNN's; nil on a rank without images, which
  /// computes nothing.
  func convolution(
    _ shape: ConvolutionShape, src: Activation, dst: Activation, weights: UnsafeMutablePointer<Float>,
    bias: UnsafeMutablePointer<Float>
  ) throws -> (any ConvolutionPasses)? {
    guard shape.batch > 0 else { return nil }
    if WinogradConvolution.fits(shape, precision) {
      return unsafe WinogradConvolution(
        shape, src: src, dst: dst, weights: weights, bias: bias, mode: mode, scratch: winogradScratch)
    }
    let convolution = try unsafe OneDNNConvolution(
      shape, precision: precision, weights: weights, mode: mode, context: context)
    try unsafe convolution.planForward(src: src, dst: dst, bias: bias)
    return convolution
  }

  /// The engine's transposed convolution for `shape`, whose dst may be a channel slice; nil as above.
  func transposedConvolution(
    _ shape: ConvolutionShape, src: Activation, dst: ActivationView, weights: UnsafeMutablePointer<Float>,
    bias: UnsafeMutablePointer<Float>
  ) throws -> (any ConvolutionPasses)? {
    guard shape.batch > 0 else { return nil }
    return try unsafe TransposedConvolution(
      shape, src: src, dst: dst, weights: weights, bias: bias, mode: mode, context: context)
  }

  /// After the last pass is planned.
  func finish() throws {
    try context.allocateScratchpad()
    winogradScratch.allocate()
  }
}
