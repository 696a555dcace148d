/// A planned 3x3 convolution, or stride-2 transposed convolution, with its operands bound.
///
/// An engine (oneDNN, hand-written kernels) owns its packed weights and implements the passes; the network never asks which
/// one runs. Calls run to their end and allocate nothing in the steady state.
protocol ConvolutionPasses: AnyObject {
  /// Reads the flat f32 weights into the forms the passes use; after every change of the weights.
  func packWeights() throws
  /// Plans the backward passes. `diffSrc` is nil for the first layer, whose input needs no gradient.
  func planBackward(src: Activation, diffDst: Activation, diffSrc: Activation?) throws
  /// dst = convolution of src, with bias.
  func forward() throws
  /// diffSrc from diffDst.
  func backwardData() throws
  /// Writes the gradient of the weights, in the order of the flat buffers, to `gradient`; overwrites.
  func backwardWeights(into gradient: UnsafeMutablePointer<Float>) throws
}

/// What a convolution works on: square NHWC activations.
struct ConvolutionShape {
  /// Images.
  let batch: Int
  let inChannels: Int
  let outChannels: Int
  /// Rows and columns of src.
  let size: Int
  /// Keras's Conv2DTranspose with kernel 3, stride 2 and "same" padding instead of Conv2D with kernel 3 and "same".
  let isTransposed: Bool

  /// Rows and columns of dst.
  var dstSize: Int { isTransposed ? 2 * size : size }

  /// Stops the program where `src`, or its gradient, is no [batch, size, size, inChannels].
  func check(src: Activation) { check(src, "src", size: size, channels: inChannels) }

  /// Stops the program where `dst`, or its gradient, is no [batch, dstSize, dstSize, outChannels].
  func check(dst: Activation) { check(dst, "dst", size: dstSize, channels: outChannels) }

  private func check(_ activation: Activation, _ role: String, size: Int, channels: Int) {
    precondition(
      activation.batch == batch && activation.size == size && activation.channels == channels,
      "\(role) [\(activation.batch), \(activation.size), \(activation.size), \(activation.channels)] in place of "
        + "[\(batch), \(size), \(size), \(channels)] for a \(description)")
  }

  var description: String {
    "\(isTransposed ? "transposed " : "")convolution \(inChannels)->\(outChannels) at \(size)x\(size), batch \(batch)"
  }
}
