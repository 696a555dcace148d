import Kernels
import Testing

/// Batch normalisation and ReLU in f64, and the gradient that the two backward kernels compute together.
struct NormalisationReference {
  /// Pixels x channels.
  var src: [Double]
  var channels: Int
  var gamma: [Double]
  var beta: [Double]
  var epsilon = 1e-3

  private var pixels: Int { src.count / channels }

  private func mean(_ values: (Int) -> Double, _ channel: Int) -> Double {
    (0..<pixels).reduce(0) { $0 + values($1 * channels + channel) } / Double(pixels)
  }

  func statistics(_ channel: Int) -> (mean: Double, inverseDeviation: Double) {
    let average = mean({ src[$0] }, channel)
    let variance = mean({ (src[$0] - average) * (src[$0] - average) }, channel)
    return (average, 1 / (variance + epsilon).squareRoot())
  }

  func forward() -> [Double] {
    var dst = src
    for channel in 0..<channels {
      let (mean, inverseDeviation) = statistics(channel)
      for i in stride(from: channel, to: src.count, by: channels) {
        dst[i] = max(0, (src[i] - mean) * inverseDeviation * gamma[channel] + beta[channel])
      }
    }
    return dst
  }

  /// Gradients of sum(forward() * diffDst) with respect to src, gamma and beta.
  func backward(_ diffDst: [Double]) -> (src: [Double], gamma: [Double], beta: [Double]) {
    let dst = forward()
    var diffSrc = src, diffGamma = gamma, diffBeta = beta
    for channel in 0..<channels {
      let (mean, inverseDeviation) = statistics(channel)
      let g = { (i: Int) in dst[i] > 0 ? diffDst[i] : 0 }, xhat = { (i: Int) in (src[i] - mean) * inverseDeviation }
      let meanG = self.mean(g, channel), meanGXhat = self.mean({ g($0) * xhat($0) }, channel)
      for i in stride(from: channel, to: src.count, by: channels) {
        diffSrc[i] = gamma[channel] * inverseDeviation * (g(i) - meanG - xhat(i) * meanGXhat)
      }
      diffBeta[channel] = meanG * Double(pixels)
      diffGamma[channel] = meanGXhat * Double(pixels)
    }
    return (diffSrc, diffGamma, diffBeta)
  }
}

/// The per-channel parameters of one call.
struct Parameters {
  var mean: [Float]
  var inverseDeviation: [Float]
  var scale: [Float]
  var beta: [Float]
  var meanG: [Float]
  var meanGXhat: [Float]

  init(_ channels: Int, _ numbers: inout Numbers) {
    mean = numbers.floats(channels)
    inverseDeviation = numbers.floats(channels).map { 1.5 + $0 }
    scale = numbers.floats(channels)
    beta = numbers.floats(channels)
    meanG = numbers.floats(channels)
    meanGXhat = numbers.floats(channels)
  }

  /// What decides over the gradient, in f32 as Kernels.h writes it.
  func preActivation(_ z: Float, _ channel: Int) -> Float { (z - mean[channel]) * scale[channel] + beta[channel] }
}

func normaliseRelu(_ src: Activation, _ dst: Activation, _ p: Parameters) -> [Double] {
  dst.forget()
  var from = unsafe src.view, to = unsafe dst.view
  unsafe kernels_normalise_relu(&from, &to, p.mean, p.scale, p.beta)
  return dst.values
}

func backwardSums(_ src: Activation, _ diffDst: Activation, _ p: Parameters) -> [Double] {
  sums(src, count: 2 * src.layout.channels) { sums, scratch in
    var from = unsafe src.view, diff = unsafe diffDst.view
    unsafe kernels_normalise_backward_sums(&from, &diff, p.mean, p.inverseDeviation, p.scale, p.beta, &sums, &scratch)
  }
}

func normaliseBackward(_ src: Activation, _ diffDst: Activation, _ diffSrc: Activation, _ p: Parameters) -> [Double] {
  if diffSrc !== diffDst { diffSrc.forget() }
  var from = unsafe src.view, diff = unsafe diffDst.view, to = unsafe diffSrc.view
  unsafe kernels_normalise_backward(
    &from, &diff, &to, p.mean, p.inverseDeviation, p.scale, p.beta, p.meanG, p.meanGXhat)
  return diffSrc.values
}

extension KernelsTests {
  @Suite struct Normalisation {
    @Test(arguments: Layout.all) func forwardIsThatOfFloat64(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 4)
        let src = Activation(layout, type, random: &numbers), p = Parameters(layout.channels, &numbers)
        let dst = Activation(layout.relaid, type)
        var expected: [Double] = [], tolerance: [Double] = []
        src.forEach {
          let product = (Double(src[$0, $1, $2, $3]) - Double(p.mean[$3])) * Double(p.scale[$3])
          let y = max(0, product + Double(p.beta[$3]))
          expected.append(y)
          // Difference, product and sum round once each; then the store.
          tolerance.append(4 * roundoff32 * (abs(product) + abs(Double(p.beta[$3]))) + storageRoundoff(type) * y)
        }
        expectClose(inEveryConfiguration { normaliseRelu(src, dst, p) }, expected, tolerance: tolerance, "dst")
        #expect(dst.surroundingsAreUntouched)
      }
    }

    @Test(arguments: Layout.all) func backwardSumsAreThoseOfFloat64(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 5)
        let src = Activation(layout, type, random: &numbers), p = Parameters(layout.channels, &numbers)
        let diffDst = Activation(layout.relaid, type, random: &numbers)
        var sums = [Double](repeating: 0, count: 2 * layout.channels), sizes = sums
        src.forEach {
          let z = src[$0, $1, $2, $3], channel = $3
          let g = p.preActivation(z, channel) > 0 ? Double(diffDst[$0, $1, $2, $3]) : 0
          let product = g * (Double(z) - Double(p.mean[channel])) * Double(p.inverseDeviation[channel])
          sums[channel] += g
          sizes[channel] += abs(g)
          sums[layout.channels + channel] += product
          sizes[layout.channels + channel] += abs(product)
        }
        // Three roundings of each product; the sums are f64.
        let bound = 3.001 * roundoff32
        expectClose(
          inEveryConfiguration { backwardSums(src, diffDst, p) }, sums, tolerance: sizes.map { bound * $0 }, "sums")
      }
    }

    @Test(arguments: Layout.all) func backwardIsThatOfFloat64(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 6)
        let src = Activation(layout, type, random: &numbers), p = Parameters(layout.channels, &numbers)
        let diffDst = Activation(layout.relaid, type, random: &numbers), diffSrc = Activation(layout, type)
        var expected: [Double] = [], tolerance: [Double] = []
        src.forEach {
          let z = src[$0, $1, $2, $3], scale = Double(p.scale[$3]), meanG = Double(p.meanG[$3])
          let g = p.preActivation(z, $3) > 0 ? Double(diffDst[$0, $1, $2, $3]) : 0
          let part = (Double(z) - Double(p.mean[$3])) * Double(p.inverseDeviation[$3]) * Double(p.meanGXhat[$3])
          let result = scale * (g - meanG - part)
          expected.append(result)
          // `part` rounds three times, and each term passes at most three more roundings.
          tolerance.append(
            7 * roundoff32 * abs(scale) * (abs(g) + abs(meanG) + abs(part)) + storageRoundoff(type) * 1.001
              * abs(result))
        }
        expectClose(
          inEveryConfiguration { normaliseBackward(src, diffDst, diffSrc, p) }, expected, tolerance: tolerance,
          "diffSrc")
        #expect(diffSrc.surroundingsAreUntouched)

        let separate = diffSrc.values, gradients = diffDst.values
        let inPlace = inEveryConfiguration {
          diffDst.values = gradients
          return normaliseBackward(src, diffDst, diffDst, p)
        }
        expectEqual(inPlace, separate, "in place")
        #expect(diffDst.surroundingsAreUntouched)
      }
    }

    /// The two kernels with the sums between them, against differences of the forward pass.
    @Test func gradientIsThatOfFiniteDifferences() {
      let layout = Layout(images: 3, rows: 2, columns: 4, channels: 5)
      var numbers = Numbers(seed: 7)
      let src = Activation(layout, kernels_f32, random: &numbers)
      let diffDst = Activation(layout, kernels_f32, random: &numbers)
      let reference = NormalisationReference(
        src: src.values, channels: 5, gamma: numbers.doubles(5).map { 1 + $0 / 2 }, beta: numbers.doubles(5))
      let gradients = diffDst.values
      let objective = { (r: NormalisationReference) in zip(r.forward(), gradients).reduce(0) { $0 + $1.0 * $1.1 } }

      // Central differences in f64: step^2 of curvature and 1e-16 / step of rounding, both about 1e-10.
      let step = 1e-5
      func difference(_ path: WritableKeyPath<NormalisationReference, [Double]>, _ i: Int) -> Double {
        var up = reference, down = reference
        up[keyPath: path][i] += step
        down[keyPath: path][i] -= step
        return (objective(up) - objective(down)) / (2 * step)
      }
      let analytic = reference.backward(gradients)
      let close = { (n: Int) in [Double](repeating: 1e-8, count: n) }
      expectClose(analytic.src, (0..<layout.count).map { difference(\.src, $0) }, tolerance: close(layout.count), "src")
      expectClose(analytic.gamma, (0..<5).map { difference(\.gamma, $0) }, tolerance: close(5), "gamma")
      expectClose(analytic.beta, (0..<5).map { difference(\.beta, $0) }, tolerance: close(5), "beta")

      var p = Parameters(5, &numbers)
      for channel in 0..<5 {
        let (mean, inverseDeviation) = reference.statistics(channel)
        p.mean[channel] = Float(mean)
        p.inverseDeviation[channel] = Float(inverseDeviation)
        p.scale[channel] = Float(reference.gamma[channel] * inverseDeviation)
        p.beta[channel] = Float(reference.beta[channel])
      }
      let sums = backwardSums(src, diffDst, p), pixels = Double(layout.pixels)
      p.meanG = sums.prefix(5).map { Float($0 / pixels) }
      p.meanGXhat = sums.suffix(5).map { Float($0 / pixels) }
      let diffSrc = normaliseBackward(src, diffDst, Activation(layout, kernels_f32), p)
      // Numbers of size 10 at most after some twenty roundings, and sums of 24 terms below 100.
      expectClose(
        diffSrc, analytic.src, tolerance: [Double](repeating: 200 * roundoff32, count: layout.count), "kernel")
      expectClose(
        sums, analytic.beta + analytic.gamma, tolerance: [Double](repeating: 2000 * roundoff32, count: 10), "sums")
    }

    @Test func notANumberComesThrough() {
      for type in elementTypes {
        var numbers = Numbers(seed: 8)
        let layout = Layout(images: 2, rows: 2, columns: 6, channels: 19)
        let src = Activation(layout, type, random: &numbers), diffDst = Activation(layout, type, random: &numbers)
        let dst = Activation(layout, type), p = Parameters(19, &numbers)
        src[1, 1, 5, 18] = .nan
        #expect(
          inEveryConfiguration { normaliseRelu(src, dst, p) }.indices.filter { dst.values[$0].isNaN } == [
            layout.count - 1
          ])
        let sums = inEveryConfiguration { backwardSums(src, diffDst, p) }
        #expect(sums.indices.filter { sums[$0].isNaN } == [37])
      }
    }
  }
}
