/// Philox 4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
/// (SC 2011): a keyed bijection of 128-bit counters whose outputs pass as independent random numbers.
package struct Philox4x32: Sendable {
  /// The four numbers of `counter` under `key`; a pure function, the same on every machine.
  package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (x, y, z, w) = (counter.x, counter.y, counter.z, counter.w)
    var (key0, key1) = (key.x, key.y)
    for _ in 0..<10 {
      let first = UInt64(x) * 0xD251_1F53
      let second = UInt64(z) * 0xCD9E_8D57
      (x, y, z, w) = (
        UInt32(truncatingIfNeeded: second >> 32) ^ y ^ key0, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ w ^ key1, UInt32(truncatingIfNeeded: first)
      )
      key0 &+= 0x9E37_79B9
      key1 &+= 0xBB67_AE85
    }
    return SIMD4(x, y, z, w)
  }

  /// A seed as a key, low half first.
  static func key(seed: UInt64) -> SIMD2<UInt32> {
    SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  /// Maps 64 random bits to 0..<bound without bias, or to nil where the bits must be thrown away (Lemire's
  /// multiplication; for a bound of 60,000 that is one draw in 10^14).
  static func reduce(_ bits: UInt64, below bound: UInt64) -> UInt64? {
    let product = bits.multipliedFullWidth(by: bound)
    if product.low < bound, product.low < (0 &- bound) % bound { return nil }
    return product.high
  }

  /// The third word of every counter in this program, which keeps its uses of one seed apart.
  enum Domain {
    static let sequence: UInt32 = 0
    /// Pairs of the mixing generator: 1 for the first attempt, 2 for the second, ...
    static let firstPairAttempt: UInt32 = 1
    static let split: UInt32 = 0x100
    static let procedural: UInt32 = 0x101
  }
}
