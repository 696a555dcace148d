/// What a network asks of the other ranks during a training step.
///
/// Model knows no MPI: Training implements this on a communicator, where one rank is a communicator of size one.
/// Every rank must make the same calls in the same order, ranks without images too.
package protocol CrossRankSums: AnyObject {
  /// Replaces `values` by their sum over all ranks. Collective, blocking.
  func sum(_ values: UnsafeMutableBufferPointer<Double>) throws
  /// Says that `range` of the flat gradient buffer will not be written again in this step, so its reduction may start.
  /// Ranges arrive from the end of the buffer to its start without gaps.
  func gradientsAreComplete(_ range: Range<Int>) throws
}

/// The sums of a single process: every value already is the sum.
package final class SingleProcessSums: CrossRankSums {
  package init() {}
  package func sum(_ values: UnsafeMutableBufferPointer<Double>) throws {}
  package func gradientsAreComplete(_ range: Range<Int>) throws {}
}
