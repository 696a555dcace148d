/// The nonblocking sums of one step: their one owner, from `ReductionQueue.begin()` to `wait()`.
///
/// The buffers posted belong to MPI until `wait()` returns. Where an error is thrown past it, the requests are left
/// behind without waiting, so that the error reaches the caller at once; the queue and its communicator are then spent
/// and the job has to end.
package struct PendingReductions: ~Copyable {
  private let queue: ReductionQueue

  init(queue: ReductionQueue) { self.queue = queue }

  deinit { queue.end() }

  /// Starts to replace `values` by their sum over the ranks, in place (MPI_Iallreduce).
  ///
  /// Collective: every rank posts buffers of the same lengths in the same order. Does not wait. More messages than the
  /// queue's capacity are a programming mistake.
  package mutating func post(_ values: UnsafeMutableBufferPointer<Float>) throws { try unsafe queue.post(values) }

  /// Starts to replace bf16 `values` (the upper halves of f32) by their sum over the ranks, rounded to nearest even after each
  /// addition, in place (MPI_Iallreduce with an operation of our own).
  ///
  /// As above. The queue must have been prepared by `ReductionQueue.prepareBFloat16()`.
  package mutating func post(bfloat16 values: UnsafeMutableBufferPointer<UInt16>) throws {
    try unsafe queue.post(bfloat16: values)
  }

  /// Lets MPI work on what is pending, without waiting (MPI_Testall). Local.
  package mutating func progress() throws { try queue.progress() }

  /// Returns when every posted buffer holds its sums (MPI_Waitall).
  package consuming func wait() throws { try queue.wait() }

  /// Leaves the requests behind, on the way to ending the job. Neither waits nor throws.
  package consuming func abandon() {}
}
