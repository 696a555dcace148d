internal import CMPI
internal import Synchronization

/// Sums of f32 buffers over the ranks of a node, in memory that all of them have mapped.
///
/// A buffer is cut into ranges that become complete one after the other, on each rank at its own time; the ranks pass the
/// same ranges in the same order. As soon as a range is complete on every rank of the node, each rank adds a share of it up,
/// in the order of the ranks, so the bits depend on nothing else:
///
///     markComplete()                   for every range, when this rank has written it
///     awaitNext(); sumNext(range)      for every range; where `isNextComplete`, without waiting
///     deliver(share)                   for every share, where `lane` has changed it
///     finish()                         at the end; now every rank's buffer holds the sums
///
/// With several nodes `lane` joins the ranks that hold the same shares, and the sums go to the other ranks of the node by
/// `deliver`. Rank i of a node has shares where every node has more than i ranks, and no lane otherwise. Where a node's memory
/// is not shared every rank is a node of its own. Allocates nothing after `init`.
@safe
package final class NodeSums {
  /// The node of every rank, counted from 0 in the order of the lowest ranks; the same on every rank.
  package let nodes: [Int]
  /// Why every rank is a node of its own where nodes of several were asked for.
  package let refusal: SharingRefusal?
  /// This rank's buffer in the shared memory, aligned to 64 bytes and zero at first; nil where no node has several ranks or memory was refused.
  package let buffer: UnsafeMutableBufferPointer<Float>?
  /// The ranks of all nodes with the same shares as this one's; nil where there is one node or this rank has no shares.
  package let lane: Communicator?
  /// How the lane's sums are added up, the same on every rank; nil where there is one node.
  package let algorithm: SumAlgorithm?

  private let node: Communicator
  private let segment: SharedSegment?
  /// Ranks of this node that have shares.
  private let laneCount: Int
  /// Sums on their way into the buffers.
  private let block: UnsafeMutablePointer<Float>
  /// Ranges that this rank marked complete and passed to `sumNext`, and steps it finished, since the start.
  private var (completed, summed, finished) = (0, 0, 0)

  /// Elements added up at a time: two blocks and the sums stay in the first cache.
  private static var blockCount: Int { 2048 }
  /// Shares are cut at multiples of a cache line.
  private static var lineCount: Int { 16 }
  /// Bytes of the counters before a rank's buffer: a cache line for each of the two.
  private static var counterByteCount: Int { 128 }

  /// Room for `count` elements of every rank. Collective over `communicator`. `folder` is a memory file system.
  package init(
    count: Int, grouping: NodeGrouping, communicator: Communicator, folder: String? = nil
  ) throws {
    precondition(count >= 0, "\(count) elements")
    var group = try grouping.split(communicator)
    var (segment, refusal) = (SharedSegment?.none, SharingRefusal?.none)
    // Every rank has to know whether any node has several: the segments are a matter of the whole job.
    if try Self.extreme(group.size, communicator) > 1 {
      let bytes = Self.counterByteCount + MemoryLayout<Float>.stride * count
      switch try SharedSegment.map(
        partByteCount: bytes, node: group, job: communicator, folder: folder ?? SharedSegment.folder)
      {
      case .success(let mapped): segment = mapped
      case .failure(let reason):
        refusal = reason
        group = try NodeGrouping.single.split(communicator)
      }
    }
    (node, self.segment, self.refusal) = (group, segment, refusal)
    laneCount = -(try Self.extreme(-group.size, communicator))
    nodes = try Self.nodes(of: group, in: communicator)
    unsafe buffer = segment.map {
      let first = unsafe ($0.part(group.rank) + Self.counterByteCount).bindMemory(to: Float.self, capacity: count)
      return unsafe UnsafeMutableBufferPointer(start: first, count: count)
    }
    // The ranks without shares form a last group, which nobody uses. A lane of all ranks is a matter of the whole job.
    let lanes = try communicator.split(color: min(group.rank, laneCount))
    let isWhole = try Self.extreme(-lanes.size, communicator) == -communicator.size
    let joined = try isWhole ? communicator.duplicate() : lanes
    lane = group.rank < laneCount && lanes.size > 1 ? joined : nil
    let nodeCount = Set(nodes).count
    algorithm = nodeCount > 1 ? try SumAlgorithm.choose(nodes: nodeCount, communicator: communicator) : nil
    unsafe block = .allocate(capacity: Self.blockCount)
  }

  deinit { unsafe block.deallocate() }

  /// The greatest of all ranks' numbers.
  private static func extreme(_ number: Int, _ communicator: Communicator) throws -> Int {
    var numbers = [Int64(number)]
    try communicator.allReduce(&numbers, .max)
    return Int(numbers[0])
  }

  private static func nodes(of group: Communicator, in communicator: Communicator) throws -> [Int] {
    var leader = [Int64(communicator.rank)]
    try unsafe leader.withUnsafeMutableBufferPointer { try unsafe group.broadcast($0, root: 0) }
    var leaders = [Int64](repeating: 0, count: communicator.size)
    leaders[communicator.rank] = leader[0]
    try communicator.allReduce(&leaders, .sum)
    let numbers = Dictionary(uniqueKeysWithValues: Set(leaders).sorted().enumerated().map { ($1, $0) })
    return leaders.compactMap { numbers[$0] }
  }
}

// The counters and elements of the node's ranks.
extension NodeSums {
  private typealias Counter = Atomic<Int>

  /// How many ranges rank `rank` of the node has completed since the start.
  private func completed(by rank: Int, in segment: SharedSegment) -> UnsafeMutablePointer<Counter> {
    unsafe segment.part(rank).assumingMemoryBound(to: Counter.self)
  }

  /// How many steps rank `rank` of the node has finished: written all its shares to everybody.
  private func finished(by rank: Int, in segment: SharedSegment) -> UnsafeMutablePointer<Counter> {
    unsafe (segment.part(rank) + Self.counterByteCount / 2).assumingMemoryBound(to: Counter.self)
  }

  private func elements(of rank: Int, in segment: SharedSegment) -> UnsafeMutablePointer<Float> {
    unsafe (segment.part(rank) + Self.counterByteCount).assumingMemoryBound(to: Float.self)
  }

  /// Lets MPI work until `isTrue`, which another rank may need to get there, and gives the core away: at once where ranks share
  /// cores, else after milliseconds only, because a core that was given away comes back late.
  private func wait(until isTrue: () -> Bool) throws {
    if isTrue() { return }
    ProgressBoard.own.begin(.nodeSum, ofWholeJob: false)
    defer { ProgressBoard.own.leave() }
    var looks = 0
    while !isTrue() {
      looks += 1
      guard looks > 100 else { continue }
      try node.progress()
      if MPIRuntime.ranksShareCores || looks > 20_000 { CMPI_yield() }
    }
  }
}

// The parts of a step.
extension NodeSums {
  /// Takes note that this rank has written its next range; from here on the range belongs to the sums until `finish`.
  package func markComplete() {
    completed += 1
    if let segment { unsafe completed(by: node.rank, in: segment).pointee.store(completed, ordering: .releasing) }
  }

  /// Whether all ranks of the node have written the range that `sumNext` takes next.
  package var isNextComplete: Bool {
    guard let segment else { return summed < completed }
    for rank in 0..<node.size
    where unsafe completed(by: rank, in: segment).pointee.load(ordering: .acquiring) <= summed { return false }
    return true
  }

  /// Returns when `isNextComplete`.
  package func awaitNext() throws { try wait { isNextComplete } }

  /// Adds this rank's share of `range`, the next one, up over the node. Returns the share, which may be empty.
  ///
  /// With a lane the sums stand in this rank's own buffer, to be handed round by `deliver`; without one in everybody's.
  package func sumNext(_ range: Range<Int>) -> Range<Int> {
    precondition(isNextComplete, "range \(summed) is not complete on every rank of the node")
    summed += 1
    let share = share(of: range)
    guard let segment, node.size > 1 else { return share }
    for begin in stride(from: share.lowerBound, to: share.upperBound, by: Self.blockCount) {
      let count = min(Self.blockCount, share.upperBound - begin)
      unsafe Self.add(
        elements(of: 0, in: segment) + begin, elements(of: 1, in: segment) + begin, into: block, count: count)
      for rank in 2..<max(2, node.size) {
        unsafe Self.add(block, elements(of: rank, in: segment) + begin, into: block, count: count)
      }
      for rank in 0..<node.size where lane == nil || rank == node.rank {
        unsafe (elements(of: rank, in: segment) + begin).update(from: block, count: count)
      }
    }
    return share
  }

  private static func add(
    _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, into sums: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    for i in 0..<count { unsafe sums[i] = a[i] + b[i] }
  }

  /// Copies a share of this rank from its own buffer into those of the node's other ranks.
  package func deliver(_ share: Range<Int>) {
    guard let segment else { return }
    let own = unsafe elements(of: node.rank, in: segment) + share.lowerBound
    for rank in 0..<node.size where rank != node.rank {
      unsafe (elements(of: rank, in: segment) + share.lowerBound).update(from: own, count: share.count)
    }
  }

  /// Returns when every rank of the node has written its shares: the buffer is this rank's own again.
  package func finish() throws {
    precondition(summed == completed, "\(completed) ranges are complete, \(summed) are summed")
    guard let segment else { return }
    finished += 1
    unsafe finished(by: node.rank, in: segment).pointee.store(finished, ordering: .releasing)
    try wait {
      (0..<node.size).allSatisfy {
        unsafe finished(by: $0, in: segment).pointee.load(ordering: .acquiring) >= finished
      }
    }
  }

  /// The part of a range that this rank adds up: whole cache lines but for the last.
  package func share(of range: Range<Int>) -> Range<Int> {
    guard node.rank < laneCount else { return range.upperBound..<range.upperBound }
    func border(_ lane: Int) -> Int {
      let lines = (range.count + Self.lineCount - 1) / Self.lineCount
      return min(range.upperBound, range.lowerBound + lines * lane / laneCount * Self.lineCount)
    }
    return border(node.rank)..<border(node.rank + 1)
  }
}
