import Distributed
import Model

/// A step's sums across the ranks: the network's requests carried out on communicators of their own.
///
/// Statistics are summed at once, in f64. Gradients are cut by ``GradientBuckets``. A bucket that the backward pass has completed
/// on every rank of a node is added up there, in shared memory, each rank a share of it; between nodes the shares are posted
/// (nonblocking) at once, and awaited by `finishGradients()`. Allocates nothing after `init`.
final class GradientReducer: CrossRankSums {
  /// This rank's gradients, then their sums. In the node's shared memory where the ranks share any.
  let gradients: AlignedBuffer<Float>
  /// Who adds up with whom.
  private let sums: NodeSums

  private let statistics: Communicator
  /// nil where nothing travels: on one node, and on a rank without shares.
  private let queue: ReductionQueue?
  private let initialBuckets: GradientBuckets
  private var buckets: GradientBuckets
  private var pending: PendingReductions?
  /// What travels in place of `gradients`; nil where they travel as they are, or not at all.
  private let packed: AlignedBuffer<UInt16>?
  /// Buckets of this step that are complete on this rank, and those whose share this rank has added up.
  private var (completed, summed) = (0, 0)

  var isSilent = false
  var times = SumTimes()

  /// Sums of `count` gradients. Splits `communicator` and duplicates it: messages of the two kinds never meet. Collective.
  init(
    count: Int, bucketBytes: Int, wire: GradientWire, grouping: NodeGrouping = .sharedMemory, communicator: Communicator
  ) throws {
    let nodes = try NodeSums(count: count, grouping: grouping, communicator: communicator)
    sums = nodes
    if let base = unsafe nodes.buffer?.baseAddress {
      gradients = unsafe AlignedBuffer(base, count: count, owner: nodes)
    } else {
      gradients = AlignedBuffer(repeating: 0, count: count)
    }
    initialBuckets = GradientBuckets(count: count, bytes: bucketBytes)
    buckets = initialBuckets
    statistics = try communicator.duplicate()
    queue = nodes.lane.map { [capacity = initialBuckets.messageCount] in
      ReductionQueue(communicator: $0, capacity: capacity)
    }
    packed = wire == .bf16 && queue != nil ? AlignedBuffer(repeating: 0, count: count) : nil
    if packed != nil { try queue?.prepareBFloat16() }
  }

  var nodes: [Int] { sums.nodes }
  var algorithm: SumAlgorithm? { sums.algorithm }
  var sharingRefusal: SharingRefusal? { sums.refusal }

  var traffic: (statistics: Traffic, gradients: Traffic) {
    (statistics.traffic, queue?.communicator.traffic ?? Traffic())
  }

  /// Starts a step.
  func begin() {
    buckets = initialBuckets
    (completed, summed) = (0, 0)
    pending = queue?.begin()
  }

  func sum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    guard !isSilent else { return }
    try times.measure(meetingOn: statistics) { try unsafe statistics.allReduce(values, .sum) }
  }

  func gradientsAreComplete(_ range: Range<Int>) throws {
    buckets.complete(range)
    while buckets.next() != nil {
      completed += 1
      if !isSilent { sums.markComplete() }
    }
    guard !isSilent else { return }
    while summed < completed && sums.isNextComplete { try sumNext() }
    try pending?.progress()
  }

  /// Adds the next bucket up over the node and posts this rank's share of it to the other nodes.
  private func sumNext() throws {
    let share = sums.sumNext(initialBuckets[summed])
    summed += 1
    guard queue != nil, !share.isEmpty else { return }
    guard let packed else {
      try unsafe pending?.post(gradients.elements(share))
      return
    }
    unsafe roundToBFloat16(gradients.elements(share), into: packed.elements(share))
    try unsafe pending?.post(bfloat16: packed.elements(share))
  }

  /// Returns when `gradients` holds the sums over the ranks. Collective.
  func finishGradients() throws {
    precondition(buckets.isEmpty, "some gradients were never completed")
    guard !isSilent else {
      try pending.take()?.wait()
      return
    }
    try times.measure(meetingOn: statistics) {
      while summed < completed {
        try sums.awaitNext()
        try sumNext()
      }
      if queue != nil {
        try pending.take()?.wait()
        for number in 0..<summed { handRound(sums.share(of: initialBuckets[number])) }
      }
      try sums.finish()
    }
  }

  /// Gives the node's other ranks a share that came back from the other nodes.
  private func handRound(_ share: Range<Int>) {
    guard !share.isEmpty else { return }
    if let packed { unsafe widenBFloat16(packed.elements(share), into: gradients.elements(share)) }
    sums.deliver(share)
  }

  /// Leaves what is pending behind, on the way to ending the job.
  func abandon() { pending.take()?.abandon() }
}
