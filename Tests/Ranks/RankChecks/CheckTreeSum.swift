import Distributed

/// Sums along the tree against additions of the same tree in this process, bit by bit, in one message and in many.
///
/// The numbers differ by rank and spread over many magnitudes, so that another order gives other bits.
func checkTreeSum(_ communicator: Communicator) throws {
  for (elementsPerMessage, scratchCount) in [(1 << 30, 5000), (1 << 30, 7), (64, 5000)] {
    communicator.elementsPerMessage = elementsPerMessage
    for count in [0, 1, 7, 4099] {
      try checkTreeSum(communicator, count, scratchCount) { Float($0) }
      try checkTreeSum(communicator, count, scratchCount) { $0 }
    }
  }
  communicator.elementsPerMessage = 1 << 30
}

private func checkTreeSum<T: MPIElement & AdditiveArithmetic>(
  _ communicator: Communicator, _ count: Int, _ scratchCount: Int, _ make: (Double) -> T
) throws {
  func part(_ rank: Int) -> [T] {
    var seed = UInt64(rank + 1) &* 0x9e37_79b9_7f4a_7c15
    return (0..<count).map { index in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let magnitude = Double(1 << (seed >> 59))
      return make(Double(Int64(bitPattern: seed) >> 20) * 1e-9 / magnitude)
    }
  }
  func sum(_ ranks: Range<Int>) -> [T] {
    if ranks.count == 1 { return part(ranks.lowerBound) }
    let middle = ranks.lowerBound + ranks.count / 2
    return zip(sum(ranks.lowerBound..<middle), sum(middle..<ranks.upperBound)).map { $0 + $1 }
  }
  var values = part(communicator.rank)
  var scratch = [T](repeating: .zero, count: scratchCount)
  try unsafe values.withUnsafeMutableBufferPointer { values in
    try unsafe scratch.withUnsafeMutableBufferPointer { try unsafe communicator.sumOverTree(values, scratch: $0) }
  }
  let expected = sum(0..<communicator.size)
  try expect(values, equals: expected, "tree sum of \(count) \(T.self)")
}
