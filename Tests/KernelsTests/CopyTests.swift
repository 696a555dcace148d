import Kernels
import Testing

extension KernelsTests {
  @Suite struct Copying {
    private func copy(_ src: Activation, _ dst: Activation) -> [Double] {
      dst.forget()
      var from = unsafe src.view, to = unsafe dst.view
      unsafe kernels_copy(&from, &to)
      return dst.values
    }

    /// Patterns through the conversion of `kernels_copy`, at every instruction set.
    private func convert<From, To>(
      _ patterns: [From], _ fromType: kernels_type, _ toType: kernels_type, zero: To
    ) -> [[To]] {
      var results: [[To]] = []
      for isa in [kernels_baseline, kernels_avx2, kernels_avx512] where kernels_use_isa_here(isa) == 0 {
        var src = patterns, dst = [To](repeating: zero, count: patterns.count)
        unsafe src.withUnsafeMutableBytes { from in
          unsafe dst.withUnsafeMutableBytes { to in
            let count = Int64(patterns.count)
            var fromView = unsafe kernels_view(
              data: from.baseAddress, type: fromType, outer: 1, rows: 1, columns: count, channels: 1, channel_blocks: 1,
              outer_stride: count, row_stride: count, column_stride: 1)
            var toView = unsafe fromView
            unsafe toView.data = to.baseAddress
            unsafe toView.type = toType
            unsafe kernels_copy(&fromView, &toView)
          }
        }
        results.append(dst)
      }
      return results
    }

    @Test(arguments: Layout.all) func copiesAreExactAndConversionsRoundToNearest(_ layout: Layout) {
      for from in elementTypes {
        for to in elementTypes {
          var numbers = Numbers(seed: 11)
          let src = Activation(layout, from, random: &numbers)
          for target in [layout, layout.relaid, layout.tight] {
            let dst = Activation(target, to), expected = Activation(target, to)
            expected.fill { src[$0, $1, $2, $3] }
            expectEqual(inEveryConfiguration { copy(src, dst) }, expected.values, "dst")
            #expect(dst.surroundingsAreUntouched)
          }
        }
      }
    }

    @Test func everyBF16PatternSurvivesTheRoundTrip() {
      let patterns = (UInt16.min...UInt16.max).map { $0 }
      for wide in convert(patterns, kernels_bf16, kernels_f32, zero: UInt32(0)) {
        #expect(wide == patterns.map { UInt32($0) << 16 })
        for narrow in convert(wide, kernels_f32, kernels_bf16, zero: UInt16(0)) {
          // NaN keeps sign and payload, and is quiet.
          #expect(narrow == patterns.map { float(bf16: $0).isNaN ? $0 | 0x40 : $0 })
        }
      }
    }

    /// Exactly halfway above every pattern, and one unit of f32 to either side: even, down, up.
    @Test func halfwayCasesRoundToEven() {
      for lower: UInt32 in [0x0001, 0x7fff, 0x8000, 0x8001, 0xffff] {
        let patterns = (UInt16.min...UInt16.max).map { UInt32($0) << 16 | lower }
        let expected = patterns.map { pattern -> UInt16 in
          let value = Float(bitPattern: pattern), below = UInt16(pattern >> 16)
          if value.isNaN { return below | 0x40 }
          let up = lower > 0x8000 || (lower == 0x8000 && below % 2 == 1)
          return up ? below + 1 : below
        }
        for result in convert(patterns, kernels_f32, kernels_bf16, zero: UInt16(0)) {
          #expect(result == expected)
          #expect(zip(result, patterns).allSatisfy { $0 == bf16(Float(bitPattern: $1)) })
        }
      }
    }

    @Test func notANumberStaysOneWhereverItsPayloadLies() {
      let patterns = [0x7f80_0001, 0xff80_0001, 0x7fff_ffff, 0xffff_ffff, 0x7fc0_0000, 0x7f80_8000].map { UInt32($0) }
      for result in convert(patterns, kernels_f32, kernels_bf16, zero: UInt16(0)) {
        #expect(result.allSatisfy { float(bf16: $0).isNaN })
        #expect(result.map { $0 >> 15 } == [0, 1, 0, 1, 0, 0])
      }
    }
  }
}
