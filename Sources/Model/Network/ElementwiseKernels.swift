internal import Kernels

/// The C kernels by the network's names: the one place of this module that calls them on activations.
extension ActivationView {
  /// Doubles of scratch that the summing kernels need for this view.
  var sumsScratchCount: Int {
    unsafe withUnsafePointer(to: raw) { unsafe Int(kernels_sums_scratch_count($0)) }
  }

  /// sums[0..<C] = sum(x - shift), sums[C..<2C] = sum((x - shift)^2), over this process's images.
  func statistics(
    shift: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Double>, scratch: AlignedBuffer<Double>
  ) {
    unsafe withUnsafePointer(to: raw) { unsafe kernels_statistics($0, shift, sums, scratch.base) }
  }

  /// sums[0..<C] = sum of this view over images and pixels.
  func channelSums(into sums: UnsafeMutablePointer<Double>, scratch: AlignedBuffer<Double>) {
    unsafe withUnsafePointer(to: raw) { unsafe kernels_channel_sums($0, sums, scratch.base) }
  }

  /// dst = max(0, (self - mean) * scale + beta).
  func normaliseAndRectify(into dst: ActivationView, _ by: Normalisation) {
    unsafe withUnsafePointer(to: raw) { src in
      unsafe withUnsafePointer(to: dst.raw) { dst in
        unsafe kernels_normalise_relu(src, dst, by.mean.base, by.scale.base, by.beta)
      }
    }
  }

  /// sums[0..<C] = sum(g), sums[C..<2C] = sum(g * xhat); self is the normalisation's input, g the gradient through the ReLU.
  func normalisationBackwardSums(
    diffDst: ActivationView, _ by: Normalisation, into sums: UnsafeMutablePointer<Double>,
    scratch: AlignedBuffer<Double>
  ) {
    unsafe withUnsafePointer(to: raw) { src in
      unsafe withUnsafePointer(to: diffDst.raw) { diffDst in
        unsafe kernels_normalise_backward_sums(
          src, diffDst, by.mean.base, by.inverseDeviation.base, by.scale.base, by.beta, sums, scratch.base)
      }
    }
  }

  /// diffSrc = scale * (g - mean(g) - xhat * mean(g * xhat)); diffSrc may be diffDst.
  func normalisationBackward(diffDst: ActivationView, into diffSrc: ActivationView, _ by: Normalisation) {
    unsafe withUnsafePointer(to: raw) { src in
      unsafe withUnsafePointer(to: diffDst.raw) { diffDst in
        unsafe withUnsafePointer(to: diffSrc.raw) { diffSrc in
          unsafe kernels_normalise_backward(
            src, diffDst, diffSrc, by.mean.base, by.inverseDeviation.base, by.scale.base, by.beta,
            by.meanGradient.base, by.meanGradientTimesNormalised.base)
        }
      }
    }
  }

  /// dst = maxima of this view's 2x2 windows.
  func maxPool(into dst: ActivationView) {
    unsafe withUnsafePointer(to: raw) { src in
      unsafe withUnsafePointer(to: dst.raw) { dst in unsafe kernels_max_pool(src, dst) }
    }
  }

  /// diffSrc = diffSkip + diffDst sent to the first maximum of each 2x2 window of self.
  func maxPoolBackward(diffDst: ActivationView, diffSkip: ActivationView, into diffSrc: ActivationView) {
    unsafe withUnsafePointer(to: raw) { src in
      unsafe withUnsafePointer(to: diffDst.raw) { diffDst in
        unsafe withUnsafePointer(to: diffSkip.raw) { diffSkip in
          unsafe withUnsafePointer(to: diffSrc.raw) { diffSrc in
            unsafe kernels_max_pool_backward(src, diffDst, diffSkip, diffSrc)
          }
        }
      }
    }
  }

  /// One image of this view from the products of one image of a transposed convolution's src with all nine taps,
  /// `[pixels, 9, channels]`.
  func addTaps(_ products: AlignedBuffer<Float>, bias: UnsafePointer<Float>, image: Int) {
    precondition(
      unsafe products.count == Int(raw.rows * raw.columns * raw.channels) / 4 * 9,
      "\(products.count) products for an image of \(unsafe raw.rows)x\(unsafe raw.columns)x\(channels)")
    unsafe withUnsafePointer(to: raw) { unsafe kernels_add_taps(products.base, bias, $0, Int64(image)) }
  }

  /// dst = self, converted where the precisions differ.
  func copy(to dst: ActivationView) {
    unsafe withUnsafePointer(to: raw) { src in
      unsafe withUnsafePointer(to: dst.raw) { dst in unsafe kernels_copy(src, dst) }
    }
  }

  /// dst[h][pixel] = max(0, sum of self[pixel][c] * weights[h][c] + bias[h]), dst [2, batch, size, size].
  func heads(weights: AlignedBuffer<Float>, bias: AlignedBuffer<Float>, into dst: AlignedBuffer<Float>) {
    unsafe withUnsafePointer(to: raw) { unsafe kernels_heads($0, weights.base, bias.base, dst.base) }
  }

  /// Backward of `heads`: the gradient of self, of the weights [2, C] and of the biases [2].
  func headsBackward(
    diffDst: AlignedBuffer<Float>, weights: AlignedBuffer<Float>, diffSrc: ActivationView,
    diffWeights: AlignedBuffer<Double>, diffBias: AlignedBuffer<Double>, scratch: AlignedBuffer<Double>
  ) {
    unsafe withUnsafePointer(to: raw) { src in
      unsafe withUnsafePointer(to: diffSrc.raw) { diffSrc in
        unsafe kernels_heads_backward(
          src, diffDst.base, weights.base, diffSrc, diffWeights.base, diffBias.base, scratch.base)
      }
    }
  }
}
