import Kernels
import Testing

extension KernelsTests {
  @Suite struct Pooling {
    private func pool(_ src: Activation, _ dst: Activation) -> [Double] {
      dst.forget()
      var from = unsafe src.view, to = unsafe dst.view
      unsafe kernels_max_pool(&from, &to)
      return dst.values
    }

    private func poolBackward(
      _ src: Activation, _ diffDst: Activation, _ diffSkip: Activation?, _ diffSrc: Activation
    ) -> [Double] {
      diffSrc.forget()
      var from = unsafe src.view, diff = unsafe diffDst.view, to = unsafe diffSrc.view
      if let diffSkip {
        var skip = unsafe diffSkip.view
        unsafe kernels_max_pool_backward(&from, &diff, &skip, &to)
      } else {
        unsafe kernels_max_pool_backward(&from, &diff, nil, &to)
      }
      return diffSrc.values
    }

    /// Row and column of the first maximum of the window, in row order.
    private func winner(_ src: Activation, _ image: Int, _ y: Int, _ x: Int, _ channel: Int) -> (row: Int, column: Int)
    {
      var best = (row: 2 * y, column: 2 * x)
      for (row, column) in [(2 * y, 2 * x + 1), (2 * y + 1, 2 * x), (2 * y + 1, 2 * x + 1)]
      where src[image, row, column, channel] > src[image, best.row, best.column, channel] {
        best = (row, column)
      }
      return best
    }

    /// A few values only, so that most windows hold ties.
    private func withTies(_ layout: Layout, _ type: kernels_type, _ numbers: inout Numbers) -> Activation {
      let src = Activation(layout, type)
      src.fill { _, _, _, _ in Float(numbers.integer(-1...2)) }
      return src
    }

    @Test(arguments: Layout.poolable) func maximumAndItsGradientAreExact(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 9)
        for src in [Activation(layout, type, random: &numbers), withTies(layout, type, &numbers)] {
          let dst = Activation(layout.halved, type)
          let diffDst = Activation(layout.halved, type, random: &numbers)
          let diffSkip = Activation(layout.relaid, type, random: &numbers)
          let diffSrc = Activation(layout, type)
          let expectedDst = Activation(layout.halved, type), expected = Activation(layout, type)
          let expectedWithSkip = Activation(layout, type)
          expected.fill { _, _, _, _ in 0 }
          expectedWithSkip.fill { diffSkip[$0, $1, $2, $3] }
          expectedDst.fill {
            let (row, column) = winner(src, $0, $1, $2, $3)
            expected[$0, row, column, $3] = diffDst[$0, $1, $2, $3]
            expectedWithSkip[$0, row, column, $3] += diffDst[$0, $1, $2, $3]
            return src[$0, row, column, $3]
          }
          expectEqual(inEveryConfiguration { pool(src, dst) }, expectedDst.values, "dst")
          expectEqual(inEveryConfiguration { poolBackward(src, diffDst, nil, diffSrc) }, expected.values, "diffSrc")
          expectEqual(
            inEveryConfiguration { poolBackward(src, diffDst, diffSkip, diffSrc) }, expectedWithSkip.values, "with skip"
          )
          #expect(dst.surroundingsAreUntouched && diffSrc.surroundingsAreUntouched)
        }
      }
    }

    /// As a plain comparison has it, which a maximum instruction of another kind would not.
    @Test(arguments: 0..<4) func aNaNComesThroughAsFirstPixelOfItsWindowOnly(_ place: Int) {
      let layout = Layout(images: 2, rows: 6, columns: 4, channels: 33)
      for type in elementTypes {
        var numbers = Numbers(seed: 11)
        let src = Activation(layout, type), diffSrc = Activation(layout, type), dst = Activation(layout.halved, type)
        src.fill { 2 * ($1 % 2) + $2 % 2 == place && $3 % 3 == 0 ? .nan : numbers.uniform() }
        let diffDst = Activation(layout.halved, type, random: &numbers)
        let expected = Activation(layout, type), expectedDst = Activation(layout.halved, type)
        expected.fill { _, _, _, _ in 0 }
        expectedDst.fill {
          let (row, column) = winner(src, $0, $1, $2, $3)
          expected[$0, row, column, $3] = diffDst[$0, $1, $2, $3]
          return src[$0, row, column, $3]
        }
        let pooled = inEveryConfiguration { pool(src, dst) }
        #expect(pooled.map(\.isNaN) == expectedDst.values.map(\.isNaN))
        #expect(pooled.contains(where: \.isNaN) == (place == 0))
        #expect(zip(pooled, expectedDst.values).allSatisfy { $0.isNaN || $0 == $1 })
        expectEqual(inEveryConfiguration { poolBackward(src, diffDst, nil, diffSrc) }, expected.values, "diffSrc")
      }
    }

    @Test(arguments: [Float(0), 1, -3]) func aConstantPatchSendsTheGradientToItsFirstPixel(_ constant: Float) {
      let layout = Layout(images: 2, rows: 6, columns: 4, channels: 33)
      for type in elementTypes {
        let src = Activation(layout, type), diffDst = Activation(layout.halved, type),
          diffSrc = Activation(layout, type)
        src.fill { _, _, _, _ in constant }
        diffDst.fill { Float(1 + $0 + $1 + $2 + $3 % 4) }
        let expected = Activation(layout, type)
        expected.fill { $1 % 2 == 0 && $2 % 2 == 0 ? diffDst[$0, $1 / 2, $2 / 2, $3] : 0 }
        expectEqual(inEveryConfiguration { poolBackward(src, diffDst, nil, diffSrc) }, expected.values, "diffSrc")
      }
    }

    /// Every order of four values, and every pattern of ties among them.
    @Test func everyPatternOfAWindowPicksTheFirstMaximum() {
      let layout = Layout(images: 1, rows: 2, columns: 2, channels: 256)
      let src = Activation(layout, kernels_f32), diffDst = Activation(layout.halved, kernels_f32)
      src.fill { Float($3 >> (2 * (2 * $1 + $2)) & 3) }
      diffDst.fill { Float($3 + 1) }
      let expected = Activation(layout, kernels_f32)
      expected.fill {
        let place = winner(src, 0, 0, 0, $3)
        return place.row == $1 && place.column == $2 ? Float($3 + 1) : 0
      }
      expectEqual(
        inEveryConfiguration { poolBackward(src, diffDst, nil, Activation(layout, kernels_f32)) }, expected.values, "")
    }

    @Test func gradientIsThatOfFiniteDifferences() {
      let layout = Layout(images: 1, rows: 4, columns: 4, channels: 3)
      let src = Activation(layout, kernels_f32)
      // All different, 1 apart: a step of 1/4 changes no winner, and the objective is linear there.
      src.fill { Float(($1 * 4 + $2) * 7 % 16 * 3 + $3) }
      var numbers = Numbers(seed: 10)
      let diffDst = Activation(layout.halved, kernels_f32, random: &numbers)
      let weights = diffDst.values, start = src.values
      let objective = { (values: [Double]) -> Double in
        src.values = values
        return zip(pool(src, Activation(layout.halved, kernels_f32)), weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let differences = start.indices.map { i in
        var up = start, down = start
        up[i] += 0.25
        down[i] -= 0.25
        return (objective(up) - objective(down)) / 0.5
      }
      src.values = start
      let gradient = poolBackward(src, diffDst, nil, Activation(layout, kernels_f32))
      // Sums of twelve products below 50, in f64.
      expectClose(gradient, differences, tolerance: start.map { _ in 4 * 12 * 600 * roundoff64 }, "diffSrc")
    }
  }
}
