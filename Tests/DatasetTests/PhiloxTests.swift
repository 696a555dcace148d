import Testing

@testable import Dataset

@Suite struct PhiloxTests {
  /// The known-answer vectors of Random123 (kat_vectors, philox4x32 10).
  @Test func publishedVectorsAreReproduced() {
    let vectors: [(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, block: SIMD4<UInt32>)] = [
      (SIMD4(repeating: 0), SIMD2(repeating: 0), SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)),
      (
        SIMD4(repeating: .max), SIMD2(repeating: .max), SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
      ),
      (
        SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), SIMD2(0xA409_3822, 0x299F_31D0),
        SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
      ),
    ]
    for (counter, key, block) in vectors { #expect(Philox4x32.block(counter: counter, key: key) == block) }
  }

  @Test func generatorCountsBlocksInTheDocumentedCounter() {
    let seed: UInt64 = 0x299F_31D0_A409_3822
    var generator = PhiloxGenerator(seed: seed, stream: 5)
    for position in 0..<3 as Range<UInt32> {
      let block = Philox4x32.block(counter: SIMD4(position, 0, 0, 5), key: SIMD2(0xA409_3822, 0x299F_31D0))
      #expect(generator.next() == UInt64(block.x) | UInt64(block.y) << 32)
      #expect(generator.next() == UInt64(block.z) | UInt64(block.w) << 32)
    }
  }

  @Test func streamsAndSeedsDiffer() {
    var firsts: Set<UInt64> = []
    for seed in 0..<10 as Range<UInt64> {
      for stream in 0..<10 as Range<UInt32> {
        var generator = PhiloxGenerator(seed: seed << 30, stream: stream)
        firsts.insert(generator.next())
      }
    }
    #expect(firsts.count == 100)
  }

  /// With the bound 3 * 2^62 a plain multiplication would hit every third number twice as often.
  @Test func reductionThrowsAwayWhatWouldBiasIt() {
    let bound: UInt64 = 3 << 62 | 1
    var accepted = 0
    var generator = PhiloxGenerator(seed: 1, stream: 0)
    for _ in 0..<10_000 {
      if let number = Philox4x32.reduce(generator.next(), below: bound) {
        #expect(number < bound)
        accepted += 1
      }
    }
    // Three quarters are kept: 7,500 with a standard deviation of 43.
    #expect((7_284...7_716).contains(accepted))
    #expect(Philox4x32.reduce(0, below: 3) == nil)
    #expect(Philox4x32.reduce(1, below: 3) == 0)
    #expect(Philox4x32.reduce(.max, below: 3) == 2)
  }

  @Test func uniformNumbersStayInTheirRangeAndFillIt() {
    var generator = PhiloxGenerator(seed: 3, stream: 1)
    var seen: Set<Int> = []
    var sum = 0.0
    for _ in 0..<10_000 {
      seen.insert(generator.uniform(below: 7))
      let number = generator.uniform()
      #expect(number >= 0 && number < 1)
      sum += number
    }
    #expect(seen == Set(0..<7))
    // The mean's standard deviation is 0.0029.
    #expect(abs(sum / 10_000 - 0.5) < 0.015)
  }
}
