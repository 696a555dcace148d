import Distributed
import Model

/// A step's sums along the upper levels of a fixed binary tree over the slices: see ``Communicator/sumOverTree(_:scratch:)``.
///
/// Every rank holds the sums of a complete subtree, so the totals do not depend on the number of ranks. Gradients travel once the
/// backward pass is complete, in messages of at most `bucketBytes`, which do not change what is added to what.
final class TreeReducer: StepSums {
  let gradients: AlignedBuffer<Float>
  /// Every rank by itself.
  let nodes: [Int]
  var algorithm: SumAlgorithm? { nil }
  var sharingRefusal: SharingRefusal? { nil }

  private let statistics: Communicator
  private let communicator: Communicator
  /// What the partner's message is received in: gradients, and sums of f64.
  private let (scratch, wideScratch): (AlignedBuffer<Float>, AlignedBuffer<Double>)

  var isSilent = false
  var times = SumTimes()

  /// Sums of `count` gradients. Duplicates `communicator`, whose size is a power of two, twice. Collective.
  init(count: Int, bucketBytes: Int, communicator: Communicator) throws {
    precondition(bucketBytes > 0, "gradients in messages of \(bucketBytes) bytes")
    gradients = AlignedBuffer(repeating: 0, count: count)
    nodes = Array(0..<communicator.size)
    statistics = try communicator.duplicate()
    self.communicator = try communicator.duplicate()
    let length = max(1, min(count, bucketBytes / MemoryLayout<Float>.stride))
    scratch = AlignedBuffer(repeating: 0, count: length)
    wideScratch = AlignedBuffer(repeating: 0, count: 4096)
  }

  var traffic: (statistics: Traffic, gradients: Traffic) { (statistics.traffic, communicator.traffic) }

  func begin() {}

  func sum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    guard !isSilent else { return }
    try times.measure(meetingOn: statistics) {
      try unsafe statistics.sumOverTree(values, scratch: wideScratch.elements)
    }
  }

  func gradientsAreComplete(_ range: Range<Int>) throws {}

  func finishGradients() throws {
    guard !isSilent else { return }
    try times.measure(meetingOn: statistics) {
      try unsafe communicator.sumOverTree(gradients.elements, scratch: scratch.elements)
    }
  }

  func abandon() {}
}
