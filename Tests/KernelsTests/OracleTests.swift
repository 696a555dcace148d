import Kernels
import Testing

/// A 3x3 convolution or its transposed, stride 2, written from the definition: every product once.
struct OracleReference {
  var isTransposed: Bool
  var (images, rows, columns): (Int, Int, Int)
  var (inChannels, outChannels): (Int, Int)

  var srcCount: Int { images * rows * columns * inChannels }
  var scale: Int { isTransposed ? 2 : 1 }
  var dstCount: Int { images * rows * scale * columns * scale * outChannels }
  var weightCount: Int { 9 * inChannels * outChannels }

  /// Calls `body` with the places in src, weights and dst of every product.
  func forEachProduct(_ body: (_ src: Int, _ weight: Int, _ dst: Int) -> Void) {
    let (dstRows, dstColumns) = (rows * scale, columns * scale)
    for image in 0..<images {
      for y in 0..<rows {
        for x in 0..<columns {
          for tap in 0..<9 {
            // dst[2i + k] += src[i] * w[k]; or dst[i] += src[i + k - 1] * w[k], read from the side of src.
            let dstY = isTransposed ? 2 * y + tap / 3 : y - tap / 3 + 1
            let dstX = isTransposed ? 2 * x + tap % 3 : x - tap % 3 + 1
            guard (0..<dstRows).contains(dstY), (0..<dstColumns).contains(dstX) else { continue }
            for i in 0..<inChannels {
              for o in 0..<outChannels {
                let weight = isTransposed ? (i * outChannels + o) * 9 + tap : (o * inChannels + i) * 9 + tap
                body(
                  ((image * rows + y) * columns + x) * inChannels + i, weight,
                  ((image * dstRows + dstY) * dstColumns + dstX) * outChannels + o)
              }
            }
          }
        }
      }
    }
  }

  /// Sums of all products of two operands into the third, and the sum of their absolute values.
  func sums(into count: Int, start: (Int) -> Double = { _ in 0 }, _ term: (Int, Int, Int) -> (Int, Double))
    -> (sums: [Double], sizes: [Double])
  {
    var sums = (0..<count).map(start), sizes = sums.map { abs($0) }
    forEachProduct {
      let (place, product) = term($0, $1, $2)
      sums[place] += product
      sizes[place] += abs(product)
    }
    return (sums, sizes)
  }
}

extension KernelsTests {
  @Suite struct Oracle {
    static let shapes: [OracleReference] = {
      var shapes: [OracleReference] = []
      for isTransposed in [false, true] {
        for (images, rows, columns) in [(1, 1, 1), (1, 1, 5), (2, 3, 1), (3, 2, 2), (1, 8, 7), (2, 5, 32), (0, 4, 4)] {
          for (inChannels, outChannels) in [(1, 1), (1, 19), (8, 3), (17, 33)] {
            shapes.append(
              OracleReference(
                isTransposed: isTransposed, images: images, rows: rows, columns: columns, inChannels: inChannels,
                outChannels: outChannels))
          }
        }
      }
      return shapes
    }()

    private func forward(
      _ r: OracleReference, src: [Double], weights: [Double], bias: [Double], f32Sums: Bool = false
    ) -> [Double] {
      var dst = [Double](repeating: .nan, count: r.dstCount)
      let kernel = r.isTransposed ? unsafe kernels_oracle_transposed_convolution : unsafe kernels_oracle_convolution
      unsafe kernel(
        src, weights, bias, &dst, Int64(r.images), Int64(r.rows), Int64(r.columns), Int64(r.inChannels),
        Int64(r.outChannels), f32Sums)
      return dst
    }

    /// diffSrc, then diffWeights.
    private func backward(
      _ r: OracleReference, src: [Double], weights: [Double], diffDst: [Double], f32Sums: Bool = false
    ) -> [Double] {
      var diffSrc = [Double](repeating: .nan, count: r.srcCount)
      var diffWeights = [Double](repeating: .nan, count: r.weightCount)
      let (n, h, w) = (Int64(r.images), Int64(r.rows), Int64(r.columns))
      let (i, o) = (Int64(r.inChannels), Int64(r.outChannels))
      if r.isTransposed {
        unsafe kernels_oracle_transposed_convolution_backward(
          src, weights, diffDst, &diffSrc, &diffWeights, n, h, w, i, o, f32Sums)
      } else {
        unsafe kernels_oracle_convolution_backward(
          src, weights, diffDst, &diffSrc, &diffWeights, n, h, w, i, o, f32Sums)
        var alone = [Double](repeating: .nan, count: r.weightCount)
        unsafe kernels_oracle_convolution_backward(src, weights, diffDst, nil, &alone, n, h, w, i, o, f32Sums)
        expectEqual(alone, diffWeights, "diffWeights without diffSrc")
      }
      return diffSrc + diffWeights
    }

    @Test(arguments: shapes) func everyPassIsTheSumOfItsProducts(_ r: OracleReference) {
      for (f32Sums, roundoff) in [(false, roundoff64), (true, roundoff32)] {
        var numbers = Numbers(seed: 18)
        let src = numbers.doubles(r.srcCount), weights = numbers.doubles(r.weightCount)
        let bias = numbers.doubles(r.outChannels), diffDst = numbers.doubles(r.dstCount)
        // Each of the two sums rounds every product and every addition once.
        let bound = { (terms: Int, sizes: [Double]) in sizes.map { 2 * Double(terms + 2) * roundoff * $0 } }

        let dst = r.sums(into: r.dstCount, start: { bias[$0 % r.outChannels] }) { ($2, src[$0] * weights[$1]) }
        expectClose(
          inEveryConfiguration { forward(r, src: src, weights: weights, bias: bias, f32Sums: f32Sums) }, dst.sums,
          tolerance: bound(9 * r.inChannels, dst.sizes), "dst")

        let diffSrc = r.sums(into: r.srcCount) { ($0, weights[$1] * diffDst[$2]) }
        let diffWeights = r.sums(into: r.weightCount) { ($1, src[$0] * diffDst[$2]) }
        expectClose(
          inEveryConfiguration { backward(r, src: src, weights: weights, diffDst: diffDst, f32Sums: f32Sums) },
          diffSrc.sums + diffWeights.sums,
          tolerance: bound(9 * r.outChannels, diffSrc.sizes)
            + bound(r.images * r.rows * r.columns, diffWeights.sizes),
          "diffSrc, diffWeights")
      }
    }

    /// 1 + 4 · 2⁻²⁵ in f64; in f32 each of the additions rounds back to 1, where a sum rounded once would not.
    @Test(arguments: [false, true]) func sumsRoundAfterEveryAddition(_ isTransposed: Bool) {
      let r = OracleReference(isTransposed: isTransposed, images: 1, rows: 1, columns: 1, inChannels: 4, outChannels: 1)
      let src = [Double](repeating: 1, count: r.srcCount)
      let weights = [Double](repeating: 0x1p-25, count: r.weightCount)
      let sums = { f32Sums in forward(r, src: src, weights: weights, bias: [1], f32Sums: f32Sums) }
      expectEqual(sums(false), [Double](repeating: 1 + 0x1p-23, count: r.dstCount), "f64")
      expectEqual(sums(true), [Double](repeating: 1, count: r.dstCount), "f32")

      let rows = OracleReference(
        isTransposed: isTransposed, images: 5, rows: 1, columns: 1, inChannels: 1, outChannels: 1)
      let diffDst = (0..<rows.dstCount).map { $0 < rows.dstCount / 5 ? 1 : 0x1p-25 }
      let ones = [Double](repeating: 1, count: rows.srcCount), kernel = [Double](repeating: 1, count: 9)
      let middle = { f32Sums in
        // The first tap that meets a pixel: the centre of an ordinary kernel, the corner of a transposed one.
        backward(rows, src: ones, weights: kernel, diffDst: diffDst, f32Sums: f32Sums)[
          rows.srcCount + (isTransposed ? 0 : 4)]
      }
      #expect(middle(false) == 1 + 0x1p-23 && middle(true) == 1)
    }

    @Test(arguments: [false, true]) func gradientsAreThoseOfFiniteDifferences(_ isTransposed: Bool) {
      let r = OracleReference(
        isTransposed: isTransposed, images: 2, rows: 3, columns: 4, inChannels: 3, outChannels: 2)
      var numbers = Numbers(seed: 19)
      let src = numbers.doubles(r.srcCount), weights = numbers.doubles(r.weightCount)
      let bias = numbers.doubles(2), diffDst = numbers.doubles(r.dstCount)
      let objective = { (src: [Double], weights: [Double]) in
        zip(forward(r, src: src, weights: weights, bias: bias), diffDst).reduce(0) { $0 + $1.0 * $1.1 }
      }
      // Linear in each number, so a step of 1 costs nothing but rounding.
      var differences: [Double] = []
      for i in src.indices {
        var up = src, down = src
        up[i] += 1
        down[i] -= 1
        differences.append((objective(up, weights) - objective(down, weights)) / 2)
      }
      for i in weights.indices {
        var up = weights, down = weights
        up[i] += 1
        down[i] -= 1
        differences.append((objective(src, up) - objective(src, down)) / 2)
      }
      expectClose(
        backward(r, src: src, weights: weights, diffDst: diffDst), differences,
        tolerance: differences.map { _ in 1e-11 }, "gradients")
    }
  }
}
