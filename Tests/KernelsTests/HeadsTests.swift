import Kernels
import Testing

extension KernelsTests {
  @Suite struct Heads {
    private func heads(_ src: Activation, weights: [Float], bias: [Float]) -> [Double] {
      var view = unsafe src.view
      var dst = [Float](repeating: .nan, count: 2 * src.layout.pixels)
      unsafe kernels_heads(&view, weights, bias, &dst)
      return dst.map(Double.init)
    }

    /// diffSrc, then the gradients of the weights, then of the biases.
    private func headsBackward(
      _ src: Activation, _ diffDst: [Float], weights: [Float], _ diffSrc: Activation
    ) -> [Double] {
      diffSrc.forget()
      var diffBias = [Double](repeating: .nan, count: 2)
      let diffWeights = sums(src, count: 2 * src.layout.channels) { sums, scratch in
        var view = unsafe src.view, to = unsafe diffSrc.view
        unsafe kernels_heads_backward(&view, diffDst, weights, &to, &sums, &diffBias, &scratch)
      }
      return diffSrc.values + diffWeights + diffBias
    }

    /// Calls `body` with the index of the pixel, head-major, and the value of each of its channels.
    private func forEachPixel(_ src: Activation, _ body: (_ pixel: Int, _ channels: [Double]) -> Void) {
      let channels = src.layout.channels, values = src.values
      for pixel in 0..<src.layout.pixels { body(pixel, Array(values[pixel * channels..<(pixel + 1) * channels])) }
    }

    @Test(arguments: Layout.all) func forwardIsThatOfFloat64(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 12)
        let src = Activation(layout, type, random: &numbers)
        let weights = numbers.floats(2 * layout.channels), bias = numbers.floats(2)
        var expected = [Double](repeating: 0, count: 2 * layout.pixels), tolerance = expected
        forEachPixel(src) { pixel, values in
          for head in 0..<2 {
            let products = values.indices.map { values[$0] * Double(weights[head * layout.channels + $0]) }
            let size = products.reduce(abs(Double(bias[head]))) { $0 + abs($1) }
            expected[head * layout.pixels + pixel] = max(0, products.reduce(Double(bias[head]), +))
            // A product rounds once; a lane adds at most channels / 16 + 1 of them, the tree four times, then the bias.
            tolerance[head * layout.pixels + pixel] = Double(layout.channels / 16 + 8) * roundoff32 * size
          }
        }
        expectClose(
          inEveryConfiguration { heads(src, weights: weights, bias: bias) }, expected, tolerance: tolerance, "dst")
      }
    }

    @Test(arguments: Layout.all) func backwardIsThatOfFloat64(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 13)
        let src = Activation(layout, type, random: &numbers), diffSrc = Activation(layout.relaid, type)
        let weights = numbers.floats(2 * layout.channels)
        let diffDst = numbers.floats(2 * layout.pixels).map { $0 > 0 ? $0 : 0 }
        let channels = layout.channels
        var expected: [Double] = [], tolerance: [Double] = []
        var diffWeights = [Double](repeating: 0, count: 2 * channels), sizes = diffWeights
        forEachPixel(src) { pixel, values in
          let diffs = [Double(diffDst[pixel]), Double(diffDst[layout.pixels + pixel])]
          for channel in 0..<channels {
            let parts = (0..<2).map { diffs[$0] * Double(weights[$0 * channels + channel]) }
            let sum = parts[0] + parts[1]
            expected.append(sum)
            tolerance.append(
              3 * roundoff32 * (abs(parts[0]) + abs(parts[1])) + storageRoundoff(type) * 1.001 * abs(sum))
            for head in 0..<2 {
              diffWeights[head * channels + channel] += diffs[head] * values[channel]
              sizes[head * channels + channel] += abs(diffs[head] * values[channel])
            }
          }
        }
        let diffBias = (0..<2).map { head in
          diffDst[head * layout.pixels..<(head + 1) * layout.pixels].reduce(0) { $0 + Double($1) }
        }
        expectClose(
          inEveryConfiguration { headsBackward(src, diffDst, weights: weights, diffSrc) },
          expected + diffWeights + diffBias,
          tolerance: tolerance + sizes.map { 1.001 * roundoff32 * $0 }
            + diffBias.map { Double(layout.pixels) * roundoff64 * $0 },
          "diffSrc, diffWeights, diffBias")
        #expect(diffSrc.surroundingsAreUntouched)
      }
    }

    /// The whole way: heads, ReLU, squared error, its gradient and back, against differences of the loss in f64.
    @Test func gradientIsThatOfFiniteDifferences() {
      let layout = Layout(images: 2, rows: 2, columns: 2, channels: 3)
      var numbers = Numbers(seed: 14)
      let src = Activation(layout, kernels_f32, random: &numbers)
      let weights = numbers.floats(6), bias: [Float] = [0.5, 0.25], targets = numbers.floats(16)
      func loss(_ values: [Double], _ weights: [Double], _ bias: [Double]) -> Double {
        var sum = 0.0
        for head in 0..<2 {
          for pixel in 0..<8 {
            let dot = (0..<3).reduce(bias[head]) { $0 + values[pixel * 3 + $1] * weights[head * 3 + $1] }
            let error = max(0, dot) - Double(targets[head * 8 + pixel])
            sum += error * error
          }
        }
        return sum
      }
      let start = [src.values, weights.map(Double.init), bias.map(Double.init)]
      // Central differences in f64 of a piecewise quadratic: only rounding, some 1e-16 / step.
      let step = 1e-5
      var differences: [Double] = []
      for part in 0..<3 {
        for i in start[part].indices {
          var up = start, down = start
          up[part][i] += step
          down[part][i] -= step
          differences.append((loss(up[0], up[1], up[2]) - loss(down[0], down[1], down[2])) / (2 * step))
        }
      }

      let predicted = heads(src, weights: weights, bias: bias).map { Float($0) }
      var diffDst = [Float](repeating: .nan, count: 16)
      for head in [0, 8] {
        var errors = [Double](repeating: .nan, count: 2), gradient = [Float](repeating: .nan, count: 8)
        unsafe kernels_squared_error(
          Array(predicted[head..<head + 8]), Array(targets[head..<head + 8]), 8, 4, 2, &errors, &gradient)
        diffDst.replaceSubrange(head..<head + 8, with: gradient)
      }
      // Sums of at most 8 terms below 10, a dozen roundings each.
      expectClose(
        headsBackward(src, diffDst, weights: weights, Activation(layout, kernels_f32)), differences,
        tolerance: differences.map { _ in 1000 * roundoff32 }, "gradients")
    }

    @Test func notANumberComesThrough() {
      let layout = Layout(images: 1, rows: 2, columns: 4, channels: 18)
      for type in elementTypes {
        let src = Activation(layout, type)
        src.fill { $1 == 1 && $2 == 3 && $3 == 17 ? .nan : 1 }
        let dst = inEveryConfiguration { heads(src, weights: [Float](repeating: 1, count: 36), bias: [0, 0]) }
        #expect(dst.indices.filter { dst[$0].isNaN } == [7, 15])
      }
    }
  }
}
