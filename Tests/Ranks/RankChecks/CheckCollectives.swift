import Distributed
import Glibc

/// Every collective with data that differs by rank and a closed-form answer, in one message and in many.
func checkCollectives(_ communicator: Communicator) throws {
  for (elementsPerMessage, counts) in [(1 << 30, [0, 1, 7, 1000, 65_537]), (64, [63, 64, 65, 600]), (7, [20])] {
    communicator.elementsPerMessage = elementsPerMessage
    for count in counts {
      try checkReductions(of: Float.self, communicator, count) { Float($0) }
      try checkReductions(of: Double.self, communicator, count) { Double($0) }
      try checkReductions(of: Int64.self, communicator, count) { Int64($0) }
      try checkReductions(of: UInt8.self, communicator, count) { UInt8($0) }
      try checkBroadcast(communicator, count)
    }
    try checkGather(communicator)
    try checkTexts(communicator)
  }
  communicator.elementsPerMessage = 1 << 30
  try checkWideIntegers(communicator)
  try checkSameBits(communicator)
  try checkBarrier(communicator) { try $0.barrier() }
  try checkBarrier(communicator) { try $0.barrierAsleep() }
}

/// Rank r contributes 10 ((r + i) mod n) + i mod 7 as element i: another rank is greatest at each i, and no rank can
/// tell the sum from its own value.
private func checkReductions<T: MPIElement & Equatable>(
  of type: T.Type, _ communicator: Communicator, _ count: Int, _ make: (Int) -> T
) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let own = (0..<count).map { make(10 * ((rank + $0) % size) + $0 % 7) }
  var values = own
  try communicator.allReduce(&values, .sum)
  try expect(
    values, equals: (0..<count).map { make(10 * size * (size - 1) / 2 + size * ($0 % 7)) }, "sum of \(count) \(type)")
  values = own
  try communicator.allReduce(&values, .max)
  try expect(values, equals: (0..<count).map { make(10 * (size - 1) + $0 % 7) }, "maximum of \(count) \(type)")
}

/// Sums beyond 2^53 are exact only where integers travel as integers.
private func checkWideIntegers(_ communicator: Communicator) throws {
  let (rank, size) = (Int64(communicator.rank), Int64(communicator.size))
  var values = [(Int64(1) << 55) + rank, -rank]
  try communicator.allReduce(&values, .sum)
  try expect(values, equals: [size << 55 + size * (size - 1) / 2, -size * (size - 1) / 2], "sum of wide integers")
  values = [(Int64(1) << 55) + rank, -rank]
  try communicator.allReduce(&values, .max)
  try expect(values, equals: [(Int64(1) << 55) + size - 1, 0], "maximum of wide integers")
}

private func checkBroadcast(_ communicator: Communicator, _ count: Int) throws {
  for root in 0..<communicator.size {
    let expected = (0..<count).map { Double(1000 * (root + 1) + $0) }
    var values = communicator.rank == root ? expected : [Double](repeating: -1, count: count)
    try unsafe values.withUnsafeMutableBufferPointer { try unsafe communicator.broadcast($0, root: root) }
    try expect(values, equals: expected, "broadcast from \(root)")

    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 31 * $0 + root) }
    let other = [UInt8](repeating: 0xee, count: communicator.rank)
    let found = try communicator.broadcast(bytes: communicator.rank == root ? bytes : other, root: root)
    try expect(found, equals: bytes, "bytes from \(root)")
  }
}

/// Counts differ by rank, and each rank is empty once.
private func checkGather(_ communicator: Communicator) throws {
  for root in 0..<communicator.size {
    for shift in 0..<3 {
      func part(_ rank: Int) -> [Int64] { (0..<((rank + shift) % 3 * 40)).map { Int64(1000 * rank + $0) } }
      let found = try communicator.gather(part(communicator.rank), root: root)
      let all = communicator.rank == root ? (0..<communicator.size).flatMap(part) : []
      try expect(found, equals: all, "gather at \(root)")
    }
  }
}

private func checkTexts(_ communicator: Communicator) throws {
  func text(_ rank: Int) -> String { rank % 2 == 1 ? "" : String(repeating: "Größe \(rank)\n", count: rank + 1) }
  for root in 0..<communicator.size {
    let found = try communicator.gather(text: text(communicator.rank), root: root)
    let all = communicator.rank == root ? (0..<communicator.size).map(text) : []
    try expect(found, equals: all, "texts at \(root)")
    try expect(
      try communicator.broadcast(text: text(communicator.rank), root: root), equals: text(root), "text from \(root)")
  }
}

/// Replicas stay replicas only where every rank receives the same bits, whatever the order of the additions.
private func checkSameBits(_ communicator: Communicator) throws {
  for count in [3, 1000, 300_001] {
    var seed = UInt64(communicator.rank + 1) &* 0x9e37_79b9_7f4a_7c15
    let own = (0..<count).map { _ -> Float in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: seed) >> 40) * 0.001
    }
    var blocking = own
    try communicator.allReduce(&blocking, .sum)
    try expectSameBits(blocking, communicator, "blocking sum")

    var nonblocking = own
    let queue = ReductionQueue(communicator: communicator, capacity: 1)
    try unsafe nonblocking.withUnsafeMutableBufferPointer {
      var pending = queue.begin()
      try unsafe pending.post($0)
      try pending.wait()
    }
    try expectSameBits(nonblocking, communicator, "nonblocking sum")
  }
}

private func expectSameBits(_ values: [Float], _ communicator: Communicator, _ what: String) throws {
  let bits = values.map { Int64($0.bitPattern) }
  let all = try communicator.gather(bits, root: 0)
  for start in stride(from: 0, to: all.count, by: bits.count) {
    try expect(Array(all[start..<start + bits.count]), equals: bits, "bits of rank \(start / bits.count), \(what)")
  }
}

/// No rank may leave before the last has come, whichever comes last.
private func checkBarrier(_ communicator: Communicator, _ barrier: (Communicator) throws -> Void) throws {
  for last in 0..<communicator.size {
    if communicator.rank == last { usleep(30_000) }
    var arrival = [microseconds()]
    try barrier(communicator)
    let departure = microseconds()
    try communicator.allReduce(&arrival, .max)
    guard departure >= arrival[0] else {
      throw Mistake("rank \(communicator.rank) left a barrier \(arrival[0] - departure) us before rank \(last) came")
    }
  }
}

/// Ranks that wait asleep for rank 0 use next to nothing of their cores.
func checkSleep() throws {
  let communicator = try Communicator.world()
  // Together: whoever came late would wait for less.
  try communicator.barrier()
  let (start, used) = (microseconds(), clock())
  if communicator.rank == 0 { usleep(1_500_000) }
  try communicator.barrierAsleep()
  let (wall, work) = (Double(microseconds() - start) * 1e-6, Double(clock() - used) / Double(CLOCKS_PER_SEC))
  guard wall >= 1 && work < 0.2 * wall else {
    throw Mistake("rank \(communicator.rank) used \(work) s of a core in \(wall) s of waiting")
  }
  if communicator.rank == 0 { write(line: "passed on \(communicator.size) ranks", to: STDOUT_FILENO) }
}

/// The machine's monotonic clock, the same for all processes of a node.
func microseconds() -> Int64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
