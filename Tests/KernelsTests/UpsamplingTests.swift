import Kernels
import Testing

extension KernelsTests {
  @Suite struct Upsampling {
    /// dst[2y + ky][2x + kx] = bias + sum of products[y][x][3 ky + kx], and the sum of the terms' sizes.
    private func reference(_ layout: Layout, image: Int, products: [Float], bias: [Float]) -> (
      values: [Double], sizes: [Double]
    ) {
      let (rows, columns, channels) = (layout.rows, layout.columns, layout.channels)
      var values = (0..<rows * columns * channels).map { Double(bias[$0 % channels]) }
      var sizes = values.map(abs)
      for y in 0..<rows / 2 {
        for x in 0..<columns / 2 {
          for tap in 0..<9 {
            let (row, column) = (2 * y + tap / 3, 2 * x + tap % 3)
            guard row < rows, column < columns else { continue }
            for c in 0..<channels {
              let product = Double(products[((y * columns / 2 + x) * 9 + tap) * channels + c])
              values[(row * columns + column) * channels + c] += product
              sizes[(row * columns + column) * channels + c] += abs(product)
            }
          }
        }
      }
      return (values, sizes)
    }

    static let layouts = Layout.poolable.filter { $0.blocks == 1 && $0.images > 0 }

    @Test(arguments: layouts) func tapsMeetWhereATransposedConvolutionPutsThem(_ layout: Layout) {
      for type in elementTypes {
        var numbers = Numbers(seed: 21)
        let products = numbers.floats(layout.rows * layout.columns / 4 * 9 * layout.channels)
        let bias = numbers.floats(layout.channels)
        for image in 0..<layout.images {
          let (values, sizes) = reference(layout, image: image, products: products, bias: bias)
          let dst = Activation(layout, type)
          let untouched = dst.values
          let result = inEveryConfiguration {
            dst.forget()
            var view = unsafe dst.view
            unsafe kernels_add_taps(products, bias, &view, Int64(image))
            return dst.values
          }
          let pixels = layout.rows * layout.columns * layout.channels
          // Four additions at most, then the rounding of what is stored.
          expectClose(
            Array(result[image * pixels..<(image + 1) * pixels]), values,
            tolerance: zip(sizes, values).map { 4 * roundoff32 * $0 + storageRoundoff(type) * 1.001 * abs($1) }, "dst")
          expectEqual(Array(result[..<(image * pixels)]), Array(untouched[..<(image * pixels)]), "images before")
          expectEqual(
            Array(result[((image + 1) * pixels)...]), Array(untouched[((image + 1) * pixels)...]), "images behind")
          #expect(dst.surroundingsAreUntouched)
        }
      }
    }
  }
}
