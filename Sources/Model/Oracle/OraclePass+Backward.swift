import Kernels

extension OraclePass {
  /// Gradients of all trained weights in layout order, from the gradient at the predictions `[heads,n,imageSize,imageSize]`.
  func backward(_ diffPredictions: [Double]) -> [Double] {
    precondition(training, "an inference pass keeps nothing to go back over")
    gradients = Array(repeating: 0, count: layout.trainedCount)
    let blocks = layout.configuration.blocks
    var diff = headsBackward(diffPredictions)
    var diffSkips: [[Double]] = []
    for _ in 0..<(blocks - 1) {
      let (diffUpsampled, diffSkip) = split(stageBackward(diff))
      diffSkips.append(diffSkip)
      diff = upsampleBackward(diffUpsampled)
    }
    for i in (0..<blocks).reversed() {
      if i < blocks - 1 {
        diff = maxPoolBackward(diff)
        for (j, skip) in diffSkips.removeLast().enumerated() { diff[j] += skip }
        diff = stored(diff)
      }
      diff = stageBackward(diff)
    }
    return gradients
  }

  private func headsBackward(_ diffPredictions: [Double]) -> [Double] {
    let src = headSource!
    let diffPredictions = storedSingle(diffPredictions)
    var diffSrc = Array(repeating: 0.0, count: src.data.count)
    for (h, head) in layout.configuration.heads.enumerated() {
      let kernel = Array(weights("head.\(head).weight"))
      var diffKernel = Array(repeating: 0.0, count: kernel.count)
      var diffBias = 0.0
      for pixel in 0..<src.pixels where headPreactivations[h][pixel] > 0 {
        let g = diffPredictions[h * src.pixels + pixel]
        diffBias += g
        for c in kernel.indices {
          diffKernel[c] += g * src.data[pixel * src.channels + c]
          diffSrc[pixel * src.channels + c] += g * kernel[c]
        }
      }
      setGradient("head.\(head).weight", diffKernel)
      setGradient("head.\(head).bias", [diffBias])
    }
    return stored(diffSrc)
  }

  private func stageBackward(_ diffDst: [Double]) -> [Double] {
    (0..<layout.configuration.convolutionsPerBlock).reduce(diffDst) { diff, _ in
      convolutionBackward(convolutions.removeLast(), diff)
    }
  }

  /// Through ReLU, normalisation and convolution; the gradient at the convolution's source.
  private func convolutionBackward(_ layer: NormalisedConvolution, _ diffDst: [Double]) -> [Double] {
    let diffZ = normalisationBackward(layer, diffDst)
    let (src, channels) = (layer.src, layer.preactivation.channels)
    var diffKernel = Array(repeating: 0.0, count: layout[layer.name.convolution + ".weight"].range.count)
    let kernel = packed(layer.name.convolution + ".weight")
    let diffSrc = unsafe doubles(src.data.count) { diffSrc in
      unsafe diffKernel.withUnsafeMutableBufferPointer { diffKernel in
        unsafe kernels_oracle_convolution_backward(
          src.data, kernel, diffZ, diffSrc, diffKernel.baseAddress!, Int64(src.n), Int64(src.rows), Int64(src.columns),
          Int64(src.channels), Int64(channels), rounds)
      }
    }
    setGradient(layer.name.convolution + ".weight", diffKernel)
    // The bias keeps its gradient of exactly 0: the normalisation takes any constant away again, or, with frozen statistics, beta
    // moves for both.
    return stored(diffSrc)
  }

  private func normalisationBackward(_ layer: NormalisedConvolution, _ diffDst: [Double]) -> [Double] {
    let channels = layer.preactivation.channels
    var g = diffDst
    var (sum, sumXhat) = (Array(repeating: 0.0, count: channels), Array(repeating: 0.0, count: channels))
    for i in g.indices {
      let value = layer.preactivation.data[i]
      let changesSides = abs(value) < variation.margin
      if (value <= 0) != changesSides { g[i] = 0 }
      sum[i % channels] += g[i]
      sumXhat[i % channels] += g[i] * layer.xhat[i]
    }
    setGradient(layer.name.normalisation + ".beta", sum)
    setGradient(layer.name.normalisation + ".gamma", sumXhat)
    let gamma = Array(weights(layer.name.normalisation + ".gamma"))
    if statistics == .frozen {
      return stored(g.indices.map { gamma[$0 % channels] * layer.inverseDeviation[$0 % channels] * g[$0] })
    }
    let count = Double(layer.preactivation.pixels)
    let (mean, meanXhat) = (storedSingle(sum.map { $0 / count }), storedSingle(sumXhat.map { $0 / count }))
    let parallel = storedSingle(g.indices.map { layer.xhat[$0] * meanXhat[$0 % channels] })
    let centred = storedSingle(g.indices.map { g[$0] - mean[$0 % channels] })
    let orthogonal = storedSingle(g.indices.map { centred[$0] - parallel[$0] })
    return stored(g.indices.map { gamma[$0 % channels] * layer.inverseDeviation[$0 % channels] * orthogonal[$0] })
  }

  func maxPoolBackward(_ diffDst: [Double]) -> [Double] {
    let pooling = poolings.removeLast()
    var diffSrc = Array(repeating: 0.0, count: pooling.src.data.count)
    for (i, winner) in pooling.winners.enumerated() { diffSrc[winner] += diffDst[i] }
    return diffSrc
  }

  /// The gradient of a concatenation of as many upsampled as skip channels.
  private func split(_ diff: [Double]) -> (upsampled: [Double], skip: [Double]) {
    let channels = layout[upsamplings.last!.name + ".bias"].range.count
    var (upsampled, skip): ([Double], [Double]) = ([], [])
    for begin in stride(from: 0, to: diff.count, by: 2 * channels) {
      upsampled += diff[begin..<begin + channels]
      skip += diff[begin + channels..<begin + 2 * channels]
    }
    return (upsampled, skip)
  }

  private func upsampleBackward(_ diffDst: [Double]) -> [Double] {
    let (name, src) = upsamplings.removeLast()
    let channels = layout[name + ".bias"].range.count
    var diffBias = Array(repeating: 0.0, count: channels)
    for i in diffDst.indices { diffBias[i % channels] += diffDst[i] }
    var diffKernel = Array(repeating: 0.0, count: layout[name + ".weight"].range.count)
    let kernel = packed(name + ".weight")
    let diffSrc = unsafe doubles(src.data.count) { diffSrc in
      unsafe diffKernel.withUnsafeMutableBufferPointer { diffKernel in
        unsafe kernels_oracle_transposed_convolution_backward(
          src.data, kernel, diffDst, diffSrc, diffKernel.baseAddress!, Int64(src.n), Int64(src.rows),
          Int64(src.columns), Int64(src.channels), Int64(channels), rounds)
      }
    }
    setGradient(name + ".weight", diffKernel)
    setGradient(name + ".bias", diffBias)
    return stored(diffSrc)
  }
}
