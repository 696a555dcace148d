import Kernels
import Testing

extension KernelsTests {
  @Suite struct Statistics {
    /// Per channel: sum of (z - shift), its square, and the sum of |z - shift|.
    private func reference(_ src: Activation, shift: [Float]) -> (sums: [Double], squares: [Double], sizes: [Double]) {
      let channels = src.layout.channels
      var sums = [Double](repeating: 0, count: channels), squares = sums, sizes = sums
      src.forEach {
        let d = Double(src[$0, $1, $2, $3]) - Double(shift[$3])
        sums[$3] += d
        squares[$3] += d * d
        sizes[$3] += abs(d)
      }
      return (sums, squares, sizes)
    }

    private func statistics(_ src: Activation, shift: [Float]) -> [Double] {
      sums(src, count: 2 * src.layout.channels) { sums, scratch in
        var view = unsafe src.view
        unsafe kernels_statistics(&view, shift, &sums, &scratch)
      }
    }

    private func channelSums(_ src: Activation) -> [Double] {
      sums(src, count: src.layout.channels) { sums, scratch in
        var view = unsafe src.view
        unsafe kernels_channel_sums(&view, &sums, &scratch)
      }
    }

    @Test(arguments: Layout.all) func sumsAreThoseOfFloat64(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 2)
        let src = Activation(layout, type, random: &numbers), shift = numbers.floats(layout.channels)
        let (expectedSums, expectedSquares, sizes) = reference(src, shift: shift)
        expectClose(
          inEveryConfiguration { statistics(src, shift: shift) }, expectedSums + expectedSquares,
          tolerance: f64SumTolerance(sizes + expectedSquares, terms: layout.pixels), "statistics")
        let unshifted = reference(src, shift: [Float](repeating: 0, count: layout.channels))
        expectClose(
          inEveryConfiguration { channelSums(src) }, unshifted.sums,
          tolerance: f64SumTolerance(unshifted.sizes, terms: layout.pixels), "channel sums")
      }
    }

    /// The trap of one-pass variances: a mean of 1,000 deviations must cost no digits when the shift is near it.
    @Test func shiftKeepsTheDigitsOfAFarMean() {
      let src = Activation(Layout(images: 4, rows: 32, columns: 32, channels: 3), kernels_f32)
      var numbers = Numbers(seed: 3)
      src.fill { _, _, _, _ in 1000 + numbers.uniform() }
      let shift: [Float] = [1000, 1000, 1000]
      let (expectedSums, expectedSquares, sizes) = reference(src, shift: shift)
      expectClose(
        statistics(src, shift: shift), expectedSums + expectedSquares,
        tolerance: f64SumTolerance(sizes + expectedSquares, terms: src.layout.pixels), "statistics")
    }

    /// On a black ground thousands of pixels are the same number, and the roundings of an f32 sum would all err one way.
    @Test func equalPixelsAreSummedLikeOthers() {
      let src = Activation(Layout(images: 4, rows: 32, columns: 32, channels: 3), kernels_f32)
      src.fill { _, _, _, channel in [0.1, -0.3, 1 / 3][channel] }
      let shift: [Float] = [0, 0.01, -7]
      let (expectedSums, expectedSquares, sizes) = reference(src, shift: shift)
      expectClose(
        inEveryConfiguration { statistics(src, shift: shift) }, expectedSums + expectedSquares,
        tolerance: f64SumTolerance(sizes + expectedSquares, terms: src.layout.pixels), "statistics")
    }

    @Test(arguments: elementTypes.map(\.rawValue)) func notANumberComesThrough(_ type: UInt32) {
      for (image, row, column) in [(0, 0, 0), (2, 5, 5), (1, 3, 2)] {
        let src = Activation(Layout(images: 3, rows: 6, columns: 6, channels: 21), kernels_type(rawValue: type))
        src.fill { $0 == image && $1 == row && $2 == column && $3 == 20 ? .nan : 1 }
        let expected = (0..<42).map { $0 % 21 == 20 }
        let shift = [Float](repeating: 0, count: 21)
        #expect(inEveryConfiguration { statistics(src, shift: shift) }.map(\.isNaN) == expected)
        #expect(inEveryConfiguration { channelSums(src) }.map(\.isNaN) == Array(expected.prefix(21)))
      }
    }
  }
}
