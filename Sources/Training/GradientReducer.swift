import Distributed
import Model

/// A step's sums across the ranks: the network's requests carried out on two communicators of their own.
///
/// Statistics are summed at once, in f64. Gradients are cut by ``GradientBuckets``; a bucket is posted (nonblocking) as soon as
/// the backward pass has completed its last element, and awaited by `finishGradients()`. Allocates nothing after `init`.
final class GradientReducer: CrossRankSums {
  private let gradients: AlignedBuffer<Float>
  private let statistics: Communicator
  private let queue: ReductionQueue
  private let initialBuckets: GradientBuckets
  private var buckets: GradientBuckets
  private var pending: PendingReductions?
  /// What travels in place of `gradients`; nil where they travel as they are.
  private let packed: AlignedBuffer<UInt16>?

  var isSilent = false
  var measuresWaiting = false
  private var waited = 0.0

  /// Duplicates `communicator` twice: messages of the two kinds never meet. Collective.
  init(gradients: AlignedBuffer<Float>, bucketBytes: Int, wire: GradientWire, communicator: Communicator) throws {
    self.gradients = gradients
    initialBuckets = GradientBuckets(count: gradients.count, bytes: bucketBytes)
    buckets = initialBuckets
    packed = wire == .bf16 ? AlignedBuffer(repeating: 0, count: gradients.count) : nil
    statistics = try communicator.duplicate()
    queue = ReductionQueue(communicator: try communicator.duplicate(), capacity: initialBuckets.messageCount)
    if wire == .bf16 { try queue.prepareBFloat16() }
  }

  var traffic: (statistics: Traffic, gradients: Traffic) { (statistics.traffic, queue.communicator.traffic) }

  /// Starts a step.
  func begin() {
    buckets = initialBuckets
    pending = queue.begin()
  }

  func sum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    guard !isSilent else { return }
    try meet()
    try unsafe statistics.allReduce(values, .sum)
  }

  private func meet() throws { if measuresWaiting { waited += try statistics.secondsToMeet() } }

  func takeWaited() -> Double {
    defer { waited = 0 }
    return waited
  }

  func gradientsAreComplete(_ range: Range<Int>) throws {
    buckets.complete(range)
    while let bucket = buckets.next() { try post(bucket) }
    try pending?.progress()
  }

  private func post(_ bucket: Range<Int>) throws {
    guard !isSilent else { return }
    guard let packed else {
      try unsafe pending?.post(gradients.elements(bucket))
      return
    }
    unsafe roundToBFloat16(gradients.elements(bucket), into: packed.elements(bucket))
    try unsafe pending?.post(bfloat16: packed.elements(bucket))
  }

  /// Returns when `gradients` holds the sums over the ranks. Collective.
  func finishGradients() throws {
    precondition(buckets.isEmpty, "some gradients were never completed")
    if !isSilent { try meet() }
    try pending.take()?.wait()
    if let packed, !isSilent { unsafe widenBFloat16(packed.elements, into: gradients.elements) }
  }

  /// Leaves what is pending behind, on the way to ending the job.
  func abandon() { pending.take()?.abandon() }
}
