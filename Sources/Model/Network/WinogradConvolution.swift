internal import Kernels

/// A 3x3 convolution ("same" padding) of f32 by Winograd's algorithm, with kernels of our own: a quarter of the products.
@safe
final class WinogradConvolution: ConvolutionPasses {
  private let shape: ConvolutionShape
  private let src: Activation
  private let dst: Activation
  /// Ranges of the flat f32 buffer: weights [out, in, 3, 3], bias [out].
  private let weights: UnsafeMutablePointer<Float>
  private let bias: UnsafeMutablePointer<Float>
  private let scratch: WinogradScratch
  /// The weights at Winograd's points, four times their size, where they seldom change; else they are made before each pass.
  private let packed: AlignedBuffer<Float>?
  private var diffDst: Activation?
  private var diffSrc: Activation?

  /// Whether these kernels compute `shape` in `precision` on this processor.
  static func fits(_ shape: ConvolutionShape, _ precision: Precision) -> Bool {
    precision == .f32 && !shape.isTransposed
      && kernels_winograd_fits(Int64(shape.size), Int64(shape.size), Int64(shape.inChannels), Int64(shape.outChannels))
  }

  /// Plans the forward pass from `src` to `dst`; `weights` and `bias` are ranges of the flat f32 buffer.
  init(
    _ shape: ConvolutionShape, src: Activation, dst: Activation, weights: UnsafeMutablePointer<Float>,
    bias: UnsafeMutablePointer<Float>, mode: UNet.Mode, scratch: WinogradScratch
  ) {
    precondition(
      Self.fits(shape, src.precision), "\(shape.description), \(src.precision): not for Winograd's algorithm")
    shape.check(src: src)
    shape.check(dst: dst)
    self.shape = shape
    self.src = src
    self.dst = dst
    unsafe self.weights = weights
    unsafe self.bias = bias
    self.scratch = scratch
    packed = mode == .inference ? AlignedBuffer(repeating: 0, count: shape.winogradWeightsCount) : nil
    scratch.reserve(shape, weights: packed == nil, backward: false)
  }

  func planBackward(src: Activation, diffDst: Activation, diffSrc: Activation?) {
    unsafe precondition(src.base == self.src.base, "\(shape.description): backward from another src than forward")
    shape.check(dst: diffDst)
    if let diffSrc {
      shape.check(src: diffSrc)
      unsafe precondition(diffSrc.base != diffDst.base, "\(shape.description): diffSrc in place of diffDst")
    }
    self.diffDst = diffDst
    self.diffSrc = diffSrc
    scratch.reserve(shape, weights: true, backward: true)
  }

  func packWeights() {
    if let packed { unsafe pack(backward: false, into: packed.base) }
  }

  func forward() {
    let weights = unsafe packed?.base ?? pack(backward: false, into: scratch.weights)
    var (from, to) = unsafe (src.view.raw, dst.view.raw)
    unsafe kernels_winograd_convolution(&from, weights, bias, &to, scratch.tiles)
  }

  func backwardData() {
    guard let diffDst, let diffSrc else { preconditionFailure("\(shape.description): no backward data was planned") }
    let weights = unsafe pack(backward: true, into: scratch.weights)
    var (from, to) = unsafe (diffDst.view.raw, diffSrc.view.raw)
    unsafe kernels_winograd_convolution(&from, weights, nil, &to, scratch.tiles)
  }

  func backwardWeights(into gradient: UnsafeMutablePointer<Float>) {
    guard let diffDst else { preconditionFailure("\(shape.description): no backward weights was planned") }
    var (from, diff) = unsafe (src.view.raw, diffDst.view.raw)
    unsafe kernels_winograd_backward_weights(&from, &diff, gradient, scratch.tiles)
  }

  @discardableResult
  private func pack(backward: Bool, into points: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
    unsafe kernels_winograd_pack(weights, Int64(shape.inChannels), Int64(shape.outChannels), backward, points)
    return unsafe points
  }
}

extension UNetConfiguration {
  /// Whether any of its convolutions goes by Winograd's algorithm in `precision` in this process: its sums round otherwise than plain ones.
  package func usesWinograd(_ precision: Precision) -> Bool {
    convolutions.contains { convolution in
      WinogradConvolution.fits(
        ConvolutionShape(
          batch: 1, inChannels: convolution.inChannels, outChannels: convolution.outChannels,
          size: imageSize >> convolution.stage, isTransposed: false), precision)
    }
  }
}

extension ConvolutionShape {
  /// Floats of the weights at Winograd's points.
  var winogradWeightsCount: Int {
    Int(kernels_winograd_weights_count(Int64(inChannels), Int64(outChannels)))
  }
}
