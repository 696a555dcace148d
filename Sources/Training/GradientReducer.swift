import Distributed
import Model

/// A step's sums across the ranks: the network's requests carried out on two communicators of their own.
///
/// Statistics are summed at once, in f64. Gradients are cut into buckets of a fixed number of elements, counted from the
/// start of the flat buffer; a bucket is posted (nonblocking) as soon as the backward pass has completed its last element,
/// and awaited by `finishGradients()`. Bucket bounds depend on the configuration alone, so every rank posts the same
/// messages in the same order, and a run sums in the same order each time. Allocates nothing after `init`.
final class GradientReducer: CrossRankSums {
  /// Elements of every bucket but the last one of the buffer.
  let bucketElements: Int
  private let gradients: AlignedBuffer<Float>
  private let statistics: Communicator
  private let queue: ReductionQueue
  private var pending: PendingReductions?
  /// Elements from here to the end are complete.
  private var completeFrom: Int
  /// Elements from here to the end are posted.
  private var postedFrom: Int

  /// Duplicates `communicator` twice: messages of the two kinds never meet. Collective.
  init(gradients: AlignedBuffer<Float>, bucketBytes: Int, communicator: Communicator) throws {
    bucketElements = max(1, bucketBytes / MemoryLayout<Float>.stride)
    self.gradients = gradients
    statistics = try communicator.duplicate()
    let buckets = max(1, (gradients.count + bucketElements - 1) / bucketElements)
    queue = ReductionQueue(communicator: try communicator.duplicate(), capacity: buckets)
    (completeFrom, postedFrom) = (gradients.count, gradients.count)
  }

  /// Starts a step.
  func begin() {
    (completeFrom, postedFrom) = (gradients.count, gradients.count)
    pending = queue.begin()
  }

  func sum(_ values: UnsafeMutableBufferPointer<Double>) throws { try unsafe statistics.allReduce(values, .sum) }

  func gradientsAreComplete(_ range: Range<Int>) throws {
    precondition(
      range.upperBound == completeFrom,
      "gradients \(range) are complete, but \(range.upperBound)..<\(completeFrom) are not")
    completeFrom = range.lowerBound
    while postedFrom > 0 {
      let begin = (postedFrom - 1) / bucketElements * bucketElements
      guard begin >= completeFrom else { break }
      try unsafe pending?.post(gradients.elements(begin..<postedFrom))
      postedFrom = begin
    }
    try pending?.progress()
  }

  /// Returns when `gradients` holds the sums over the ranks. Collective.
  func finishGradients() throws {
    precondition(postedFrom == 0, "gradients 0..<\(postedFrom) were never completed")
    try pending.take()?.wait()
  }

  /// Leaves what is pending behind, on the way to ending the job.
  func abandon() { pending.take()?.abandon() }
}
