import Distributed
import Glibc

/// Sums over nodes, real ones and groups that stand for them, of buffers cut in any way, step after step over one memory.
func checkNodeSums(folder: String?) throws {
  let world = try Communicator.world()
  for grouping in [NodeGrouping.sharedMemory, .groups(of: 2), .groups(of: 3), .single] {
    for count in [1, 5, 16, 17, 1000, 40_003] {
      let sums = try NodeSums(count: count, grouping: grouping, communicator: world, folder: folder)
      try checkNodes(sums, grouping, world, mayRefuse: folder != nil)
      try checkNodeSums(sums, count, world)
    }
  }
  try checkThatNothingKeepsItsName()
  if world.rank == 0 { write(line: "passed on \(world.size) ranks", to: STDOUT_FILENO) }
}

/// The nodes are those asked for, or every rank is alone and knows why.
private func checkNodes(
  _ sums: NodeSums, _ grouping: NodeGrouping, _ world: Communicator, mayRefuse: Bool
) throws {
  let ranks = Array(0..<world.size)
  let asked =
    switch grouping {
    case .sharedMemory: ranks.map { _ in 0 }
    case .groups(let count): ranks.map { $0 / count }
    case .single: ranks
    }
  let isAlone = Set(asked).count == world.size
  if mayRefuse && !isAlone {
    guard let refusal = sums.refusal else { throw Mistake("memory in a folder that has none") }
    try expect("\(refusal)".contains("No such file or directory"), equals: true, "\(refusal)")
    try expect(sums.nodes, equals: ranks, "nodes without memory")
  } else {
    try expect(sums.refusal, equals: nil, "refusal")
    try expect(sums.nodes, equals: asked, "nodes of \(grouping)")
  }
  try expect(unsafe sums.buffer == nil, equals: sums.refusal != nil || isAlone, "memory of \(grouping)")
}

private func checkNodeSums(_ sums: NodeSums, _ count: Int, _ world: Communicator) throws {
  let own = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
  defer { unsafe own.deallocate() }
  let buffer = unsafe sums.buffer ?? own
  try expect(buffer.count, equals: count, "elements")
  let queue = sums.lane.map { ReductionQueue(communicator: $0, capacity: 8) }
  let (rank, size) = (world.rank, world.size)
  for step in 0..<4 {
    // Whole numbers have one sum; of fractions the order of additions shows in the last bits.
    let isWhole = step % 2 == 0
    func value(_ rank: Int, _ index: Int) -> Float {
      let whole = Float(10 * ((rank + index + step) % size) + index % 7)
      return isWhole ? whole : (whole + 0.1) / 3
    }
    try unsafe add(sums, queue, buffer, seed: rank + 5 * step) { value(rank, $0) }
    let found = unsafe Array(buffer)
    if isWhole {
      let expected = (0..<count).map { Float(10 * size * (size - 1) / 2 + size * ($0 % 7)) }
      try expect(found, equals: expected, "sums of \(count) on nodes \(sums.nodes), step \(step)")
    } else if (sums.nodes.max() ?? 0) < 2 {
      // Within a node in rank order; two nodes' sums give one result in either order.
      let expected = (0..<count).map { index -> Float in
        var parts = [Float?](repeating: nil, count: 2)
        for rank in 0..<size {
          let node = sums.nodes[rank]
          parts[node] = parts[node].map { $0 + value(rank, index) } ?? value(rank, index)
        }
        return (parts[0] ?? 0) + (parts[1] ?? 0)
      }
      try expect(found, equals: expected, "roundings of \(count) on nodes \(sums.nodes), step \(step)")
    }
    var bits = found.map { Int64($0.bitPattern) }
    try world.allReduce(&bits, .max)
    try expect(found.map { Int64($0.bitPattern) }, equals: bits, "bits of every rank on nodes \(sums.nodes)")
  }
}

/// One step as a reducer takes it, each rank at its own pace.
private func add(
  _ sums: NodeSums, _ queue: ReductionQueue?, _ buffer: UnsafeMutableBufferPointer<Float>, seed: Int,
  _ value: (Int) -> Float
) throws {
  let count = buffer.count
  let bounds = [count, count - count / 10, count / 2, count / 2, min(3, count / 2), 0]
  let ranges = zip(bounds, bounds.dropFirst()).map { $1..<$0 }
  var pending = queue?.begin()
  var summed = 0
  func sumNext() throws {
    let share = sums.sumNext(ranges[summed])
    try unsafe pending?.post(UnsafeMutableBufferPointer(rebasing: buffer[share]))
    summed += 1
  }
  for (number, range) in ranges.enumerated() {
    for index in range { unsafe buffer[index] = value(index) }
    if (seed + number) % 3 == 0 { usleep(500) }
    sums.markComplete()
    while summed <= number, sums.isNextComplete { try sumNext() }
    try pending?.progress()
  }
  while summed < ranges.count {
    try sums.awaitNext()
    try sumNext()
  }
  if queue != nil {
    try pending.take()?.wait()
    for range in ranges { sums.deliver(sums.share(of: range)) }
  }
  try sums.finish()
}

/// What is mapped ends with the processes: its file must be gone already.
private func checkThatNothingKeepsItsName() throws {
  let world = try Communicator.world()
  let sums = try NodeSums(count: 1000, grouping: .sharedMemory, communicator: world)
  guard let maps = unsafe fopen("/proc/self/maps", "r") else { throw Mistake("no /proc/self/maps") }
  defer { unsafe fclose(maps) }
  var line = [CChar](repeating: 0, count: 4096)
  var found = 0
  while unsafe fgets(&line, Int32(line.count), maps) != nil {
    let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard text.contains("/unmix-") else { continue }
    found += 1
    try expect(text.hasSuffix("(deleted)"), equals: true, text)
  }
  try expect(found > 0, equals: unsafe sums.buffer != nil, "mapped segments")
}
