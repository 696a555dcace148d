import Glibc
import Kernels
import Testing

extension KernelsTests {
  /// Winograd's convolutions against every product of the definition, in f64.
  @Suite struct Winograd {
    struct Case: CustomTestStringConvertible, Sendable {
      var src: Layout
      var outChannels: Int
      /// The same images for dst, in another buffer.
      var dst: Layout {
        Layout(images: src.images, rows: src.rows, columns: src.columns, channels: outChannels, before: 3, after: 1)
      }
      var definition: OracleReference {
        OracleReference(
          isTransposed: false, images: src.images, rows: src.rows, columns: src.columns, inChannels: src.channels,
          outChannels: outChannels)
      }
      var testDescription: String { "\(src) -> \(outChannels)" }

      static let all = [
        // A single tile, all of whose neighbours lie outside.
        Case(src: Layout(images: 1, rows: 4, columns: 4, channels: 16), outChannels: 16),
        Case(src: Layout(images: 2, rows: 8, columns: 12, channels: 32, before: 16), outChannels: 64),
        Case(src: Layout(images: 3, rows: 12, columns: 4, channels: 48, halo: 1), outChannels: 16),
        // 75 tiles: more than are worked on together, and a rest.
        Case(src: Layout(images: 3, rows: 20, columns: 20, channels: 16, after: 5), outChannels: 32),
        Case(src: Layout(images: 1, rows: 8, columns: 8, channels: 96), outChannels: 80),
        Case(src: Layout(images: 0, rows: 4, columns: 4, channels: 16), outChannels: 16),
      ]
    }

    /// Every set that has these kernels, with 1, 2 and 3 threads; expects the same bits of all.
    private func inEveryConfiguration(_ body: () -> [Float]) -> [Float] {
      var results: [[Float]] = []
      for isa in [kernels_avx2, kernels_avx512] where kernels_use_isa_here(isa) == 0 {
        for threads in 1...3 {
          kernels_set_threads(Int32(threads))
          results.append(body())
        }
      }
      kernels_set_threads(1)
      #expect(kernels_use_isa_here(kernels_detected_isa()) == 0)
      #expect(!results.isEmpty, "a processor without AVX2")
      let bits = results.map { $0.map(\.bitPattern) }
      #expect(bits.allSatisfy { $0 == bits.first })
      return results.first ?? []
    }

    /// |actual - expected| / |expected| in the 2-norm; infinite where lengths differ or something is not finite.
    private func relativeError(_ actual: [Float], _ expected: [Double]) -> Double {
      guard actual.count == expected.count, actual.allSatisfy(\.isFinite) else { return .infinity }
      let difference = zip(actual, expected).map { (Double($0) - $1) * (Double($0) - $1) }.reduce(0, +)
      let norm = expected.map { $0 * $0 }.reduce(0, +)
      return norm == 0 ? (difference == 0 ? 0 : .infinity) : (difference / norm).squareRoot()
    }

    /// Memory full of NaN with a mark behind it, which `body` must leave alone.
    private func withScratch(_ count: Int64, _ body: (UnsafeMutablePointer<Float>) -> Void) {
      var scratch = [Float](repeating: .nan, count: Int(count)) + [Float](repeating: -7, count: 64)
      unsafe scratch.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
      #expect(scratch.suffix(64).allSatisfy { $0 == -7 }, "wrote beyond the scratch")
    }

    private func convolution(
      _ src: Activation, _ weights: [Float], bias: [Float]?, into dst: Activation, backward: Bool
    ) -> [Float] {
      dst.forget()
      let (inChannels, outChannels) = (Int64(src.layout.channels), Int64(dst.layout.channels))
      let channels = backward ? (outChannels, inChannels) : (inChannels, outChannels)
      unsafe withScratch(kernels_winograd_weights_count(channels.0, channels.1)) { packed in
        unsafe kernels_winograd_pack(weights, channels.0, channels.1, backward, packed)
        unsafe withScratch(kernels_winograd_scratch_count(channels.0, channels.1, false)) { scratch in
          var from = unsafe src.view, to = unsafe dst.view
          unsafe kernels_winograd_convolution(&from, packed, bias, &to, scratch)
        }
      }
      #expect(dst.surroundingsAreUntouched)
      return dst.values.map { Float($0) }
    }

    /// What rounding costs: the transforms' factors are up to 3.25 and three of them follow each other.
    private static let tolerance = 1.5e-6

    @Test(arguments: Case.all) func passesAreTheSumsOfTheDefinition(_ c: Case) {
      var numbers = Numbers(seed: UInt64(c.src.channels + c.outChannels))
      let src = Activation(c.src, kernels_f32, random: &numbers)
      let diffDst = Activation(c.dst, kernels_f32, random: &numbers)
      let weights = numbers.floats(c.definition.weightCount), bias = numbers.floats(c.outChannels)
      let (x, dy, w) = (src.values, diffDst.values, weights.map(Double.init))

      let dst = inEveryConfiguration {
        convolution(src, weights, bias: bias, into: Activation(c.dst, kernels_f32), backward: false)
      }
      let expected = c.definition.sums(into: c.definition.dstCount, start: { Double(bias[$0 % c.outChannels]) }) {
        ($2, x[$0] * w[$1])
      }
      #expect(relativeError(dst, expected.sums) < Self.tolerance, "dst")

      let diffSrc = inEveryConfiguration {
        convolution(diffDst, weights, bias: nil, into: Activation(c.src, kernels_f32), backward: true)
      }
      let expectedSrc = c.definition.sums(into: c.definition.srcCount) { ($0, dy[$2] * w[$1]) }
      #expect(relativeError(diffSrc, expectedSrc.sums) < Self.tolerance, "diffSrc")

      let channels = (Int64(c.src.channels), Int64(c.outChannels))
      let diffWeights = inEveryConfiguration {
        var result = [Float](repeating: .nan, count: c.definition.weightCount)
        unsafe withScratch(kernels_winograd_scratch_count(channels.0, channels.1, true)) { scratch in
          var from = unsafe src.view, diff = unsafe diffDst.view
          unsafe kernels_winograd_backward_weights(&from, &diff, &result, scratch)
        }
        return result
      }
      let expectedWeights = c.definition.sums(into: c.definition.weightCount) { ($1, x[$0] * dy[$2]) }
      #expect(relativeError(diffWeights, expectedWeights.sums) < Self.tolerance, "diffWeights")
    }

    /// A tile's results do not depend on the tiles beside it, so a rank's images give the same numbers in any company.
    @Test func anImageHasTheSameResultsInEveryBatch() {
      let layout = Layout(images: 5, rows: 16, columns: 16, channels: 32)
      var numbers = Numbers(seed: 7)
      let many = Activation(layout, kernels_f32, random: &numbers)
      var single = layout
      single.images = 1
      let weights = numbers.floats(9 * 32 * 32), bias = numbers.floats(32)
      let all = convolution(many, weights, bias: bias, into: Activation(layout, kernels_f32), backward: false)
      for image in 0..<layout.images {
        let alone = Activation(single, kernels_f32)
        alone.fill { many[image, $1, $2, $3] }
        let dst = convolution(alone, weights, bias: bias, into: Activation(single, kernels_f32), backward: false)
        #expect(dst == Array(all[image * single.count..<(image + 1) * single.count]))
      }
    }

    /// Tiles are rows and columns 4 to 7 here. A pixel of a tile's border is one that the tile beside it depends on.
    @Test(arguments: [(5, 6, 4..<8), (4, 5, 3..<8), (7, 5, 4..<9)])
    func aNaNReachesItsTileAndWhatDependsOnIt(_ row: Int, _ column: Int, rows: Range<Int>) {
      let layout = Layout(images: 1, rows: 12, columns: 12, channels: 16)
      var numbers = Numbers(seed: 5)
      let src = Activation(layout, kernels_f32)
      src.fill { ($1, $2, $3) == (row, column, 3) ? .nan : numbers.uniform() }
      let weights = numbers.floats(9 * 16 * 16)
      for isa in [kernels_avx2, kernels_avx512] where kernels_use_isa_here(isa) == 0 {
        let dst = convolution(src, weights, bias: nil, into: Activation(layout, kernels_f32), backward: false)
        for (index, value) in dst.enumerated() {
          let (y, x) = (index / 16 / 12, index / 16 % 12)
          #expect(value.isNaN == (rows.contains(y) && (4..<8).contains(x)), "\(y), \(x)")
        }
      }
      #expect(kernels_use_isa_here(kernels_detected_isa()) == 0)
    }

    @Test func srcAsDstStopsTheProgram() async {
      await #expect(processExitsWith: .signal(SIGABRT)) {
        let src = Activation(Layout(images: 1, rows: 4, columns: 4, channels: 16), kernels_f32)
        var (from, to) = unsafe (src.view, src.view)
        var scratch = [Float](repeating: 0, count: Int(kernels_winograd_scratch_count(16, 16, false)))
        let packed = [Float](repeating: 0, count: Int(kernels_winograd_weights_count(16, 16)))
        unsafe kernels_winograd_convolution(&from, packed, nil, &to, &scratch)
      }
    }

    @Test func whatDoesNotFitIsSaid() {
      #expect(kernels_winograd_fits(4, 8, 16, 48))
      #expect(!kernels_winograd_fits(6, 8, 16, 48) && !kernels_winograd_fits(4, 10, 16, 48))
      #expect(!kernels_winograd_fits(4, 8, 24, 48) && !kernels_winograd_fits(4, 8, 16, 1))
      #expect(kernels_use_isa_here(kernels_baseline) == 0)
      #expect(!kernels_winograd_fits(4, 8, 16, 48))
      #expect(kernels_use_isa_here(kernels_detected_isa()) == 0)
    }

    @Test func rowsThatAreNoWholeTilesStopTheProgram() async {
      await #expect(processExitsWith: .signal(SIGABRT)) {
        let layout = Layout(images: 1, rows: 6, columns: 8, channels: 16)
        let src = Activation(layout, kernels_f32), dst = Activation(layout, kernels_f32)
        var from = unsafe src.view, to = unsafe dst.view
        var scratch = [Float](repeating: 0, count: Int(kernels_winograd_scratch_count(16, 16, false)))
        let packed = [Float](repeating: 0, count: Int(kernels_winograd_weights_count(16, 16)))
        unsafe kernels_winograd_convolution(&from, packed, nil, &to, &scratch)
      }
    }
  }
}
