import Kernels

extension OraclePass {
  /// Predictions `[heads,n,size,size]` of pictures `[n,size,size]`.
  func forward(_ input: [Double]) -> [Double] {
    let (size, pixels) = (layout.configuration.imageSize, layout.configuration.pixelCount)
    precondition(input.count % pixels == 0, "\(input.count) pixels are no pictures of \(size)x\(size)")
    let blocks = layout.configuration.blocks
    var x = Activation(
      n: input.count / pixels, rows: size, columns: size, channels: 1, data: stored(input))
    var skips: [Activation] = []
    for i in 0..<blocks {
      x = stage("encoder.\(i)", x)
      if i < blocks - 1 {
        skips.append(x)
        x = maxPool(x)
      }
    }
    for i in 0..<(blocks - 1) {
      x = stage("decoder.\(i)", concatenate(upsample("decoder.\(i).up", x), skips.removeLast()))
    }
    return heads(x)
  }

  private func stage(_ name: String, _ src: Activation) -> Activation {
    (0..<layout.configuration.convolutionsPerBlock).reduce(src) { x, j in
      normalisedConvolution(convolution: "\(name).conv.\(j)", normalisation: "\(name).bn.\(j)", x)
    }
  }

  /// 3x3 convolution, normalisation, ReLU.
  private func normalisedConvolution(convolution: String, normalisation: String, _ src: Activation) -> Activation {
    let channels = layout[convolution + ".bias"].range.count
    var z = Activation(n: src.n, rows: src.rows, columns: src.columns, channels: channels, data: [])
    let kernel = packed(convolution + ".weight")
    z.data = unsafe doubles(src.pixels * channels) { dst in
      unsafe kernels_oracle_convolution(
        src.data, kernel, Array(weights(convolution + ".bias")), dst, Int64(src.n), Int64(src.rows),
        Int64(src.columns), Int64(src.channels), Int64(channels), rounds)
    }
    z.data = stored(z.data)

    var mean: [Double]
    var variance: [Double]
    if training && statistics != .frozen {
      (mean, variance) = measure(z)
      (mean, variance) = (storedSingle(mean), storedSingle(variance))
      batchStatistics[normalisation] = (mean, variance)
    } else {
      mean = Array(weights(normalisation + ".moving_mean"))
      variance = Array(weights(normalisation + ".moving_variance"))
    }
    let inverse = storedSingle(variance.map { 1 / ($0 + OracleUNet.normalisationEpsilon).squareRoot() })
    let gamma = Array(weights(normalisation + ".gamma"))
    let centred = storedSingle(z.data.indices.map { z.data[$0] - mean[$0 % channels] })
    let xhat = storedSingle(centred.indices.map { centred[$0] * inverse[$0 % channels] })
    for i in xhat.indices { z.data[i] = gamma[i % channels] * xhat[i] }
    z.data = storedSingle(z.data)
    avoidKinks(of: z.data, channels: channels, bias: normalisation + ".beta")
    let beta = Array(weights(normalisation + ".beta"))
    for i in z.data.indices { z.data[i] += beta[i % channels] }
    z.data = storedSingle(z.data)
    var y = z
    y.data = stored(y.data.map { max(0, $0) })
    if training {
      convolutions.append(
        NormalisedConvolution(
          name: (convolution, normalisation), src: src, xhat: xhat, inverseDeviation: inverse, preactivation: z))
    }
    return y
  }

  /// Mean and biased variance of every channel, in two passes.
  private func measure(_ z: Activation) -> (mean: [Double], variance: [Double]) {
    let count = Double(z.pixels)
    var mean = Array(repeating: 0.0, count: z.channels)
    for i in z.data.indices { mean[i % z.channels] += z.data[i] }
    for c in mean.indices { mean[c] /= count }
    var variance = Array(repeating: 0.0, count: z.channels)
    for i in z.data.indices {
      let difference = z.data[i] - mean[i % z.channels]
      variance[i % z.channels] += difference * difference
    }
    for c in variance.indices { variance[c] /= count }
    return (mean, variance)
  }

  /// 2x2 maximum with stride 2; of equal values the first in row order wins.
  func maxPool(_ src: Activation) -> Activation {
    var dst = Activation(n: src.n, rows: src.rows / 2, columns: src.columns / 2, channels: src.channels, data: [])
    let margin = variation.margin
    var winners: [Int] = []
    winners.reserveCapacity(dst.pixels * dst.channels)
    for n in 0..<src.n {
      for y in 0..<dst.rows {
        for x in 0..<dst.columns {
          for c in 0..<src.channels {
            let first = ((n * src.rows + 2 * y) * src.columns + 2 * x) * src.channels + c
            let below = first + src.columns * src.channels
            var winner = first
            let window = [first, first + src.channels, below, below + src.channels]
            for i in window where src.data[i] > src.data[winner] { winner = i }
            let maximum = winner
            for i in window where src.data[i] < src.data[maximum] && src.data[i] > src.data[maximum] - margin {
              winner = i
            }
            winners.append(winner)
          }
        }
      }
    }
    dst.data = winners.map { src.data[$0] }
    if training { poolings.append(Pooling(src: src, winners: winners)) }
    return dst
  }

  /// Transposed convolution: twice the rows and columns.
  private func upsample(_ name: String, _ src: Activation) -> Activation {
    let channels = layout[name + ".bias"].range.count
    if training { upsamplings.append((name, src)) }
    let kernel = packed(name + ".weight")
    let data = unsafe doubles(4 * src.pixels * channels) { dst in
      unsafe kernels_oracle_transposed_convolution(
        src.data, kernel, Array(weights(name + ".bias")), dst, Int64(src.n), Int64(src.rows), Int64(src.columns),
        Int64(src.channels), Int64(channels), rounds)
    }
    return Activation(
      n: src.n, rows: 2 * src.rows, columns: 2 * src.columns, channels: channels,
      data: stored(data))
  }

  /// Upsampled channels first, then the skip's.
  private func concatenate(_ upsampled: Activation, _ skip: Activation) -> Activation {
    var dst = skip
    dst.channels = upsampled.channels + skip.channels
    dst.data.removeAll(keepingCapacity: true)
    for pixel in 0..<skip.pixels {
      dst.data += upsampled.data[pixel * upsampled.channels..<(pixel + 1) * upsampled.channels]
      dst.data += skip.data[pixel * skip.channels..<(pixel + 1) * skip.channels]
    }
    return dst
  }

  /// 1x1 convolution and ReLU of each head, one after the other.
  private func heads(_ src: Activation) -> [Double] {
    let results = layout.configuration.heads.map { head in
      let kernel = Array(weights("head.\(head).weight"))
      let sums = (0..<src.pixels).map { pixel in
        kernel.indices.reduce(0) { sum, c in
          let next = sum + src.data[pixel * src.channels + c] * kernel[c]
          return rounds ? Double(Float(next)) : next
        }
      }
      avoidKinks(of: sums, channels: 1, bias: "head.\(head).bias")
      let bias = weights("head.\(head).bias").first!
      return storedSingle(sums.map { $0 + bias })
    }
    if training {
      headSource = src
      headPreactivations = results
    }
    return results.flatMap { $0.map { max(0, $0) } }
  }

  /// `count` numbers that `body` writes, all of them or by adding to zeros.
  func doubles(_ count: Int, _ body: (UnsafeMutablePointer<Double>) -> Void) -> [Double] {
    var result = Array(repeating: 0.0, count: count)
    unsafe result.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
    return result
  }
}
