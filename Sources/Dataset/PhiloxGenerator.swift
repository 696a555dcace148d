/// A sequence of Philox numbers: key = seed, counter = (position, domain, stream). Sequences of other seeds or
/// streams are independent, and none meets the numbers that `MixingGenerator` draws from the same seed.
/// Same numbers on every machine.
package struct PhiloxGenerator: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private let domain: UInt32
  private let stream: UInt32
  private var position: UInt64 = 0
  /// The second half of the block drawn last.
  private var pending: UInt64?

  package init(seed: UInt64, stream: UInt32) {
    self.init(seed: seed, stream: stream, domain: Philox4x32.Domain.sequence)
  }

  init(seed: UInt64, stream: UInt32, domain: UInt32) {
    key = Philox4x32.key(seed: seed)
    self.domain = domain
    self.stream = stream
  }

  package mutating func next() -> UInt64 {
    if let number = pending {
      pending = nil
      return number
    }
    let low = UInt32(truncatingIfNeeded: position)
    let high = UInt32(truncatingIfNeeded: position >> 32)
    let block = Philox4x32.block(counter: SIMD4(low, high, domain, stream), key: key)
    position &+= 1
    pending = UInt64(block.z) | UInt64(block.w) << 32
    return UInt64(block.x) | UInt64(block.y) << 32
  }

  /// A number in 0..<bound, every one equally likely. The standard library's `Int.random` may change its way
  /// from numbers to results; this one may not.
  package mutating func uniform(below bound: Int) -> Int {
    precondition(bound > 0, "no number lies below \(bound)")
    while true {
      if let number = Philox4x32.reduce(next(), below: UInt64(bound)) { return Int(number) }
    }
  }

  /// A number in 0..<1, a multiple of 2^-53.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
