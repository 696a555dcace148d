internal import CMPI

/// Fixed storage for the requests of one training step, used again by every step: allocates nothing after `init`.
@safe
package final class ReductionQueue {
  /// Most messages that may be pending at once.
  package let capacity: Int

  /// What carries the messages.
  package let communicator: Communicator
  /// Requests 0..<count are started; those that completed are MPI_REQUEST_NULL.
  private(set) var count = 0
  /// Whether a step's ``PendingReductions`` exists.
  private var isOpen = false
  private let requests: UnsafeMutableRawPointer
  private let statuses: UnsafeMutableRawPointer
  private var bfloat16Sum: BFloat16Sum?

  /// Room for `capacity` messages on `communicator`, which should carry nothing else while they are pending.
  package init(communicator: Communicator, capacity: Int) {
    precondition(capacity > 0 && capacity <= Int(Int32.max), "a queue for \(capacity) requests")
    self.communicator = communicator
    self.capacity = capacity
    unsafe requests = .allocate(byteCount: capacity * CMPI_request_stride(), alignment: 16)
    unsafe statuses = .allocate(byteCount: capacity * CMPI_status_stride(), alignment: 16)
  }

  deinit {
    unsafe requests.deallocate()
    unsafe statuses.deallocate()
  }

  /// The reductions of the next step. One at a time, and none after a step that left requests behind.
  package func begin() -> PendingReductions {
    precondition(!isOpen, "the last step's pending reductions still exist")
    precondition(!communicator.hasAbandonedRequests, "\(count) requests of an earlier step were left behind")
    isOpen = true
    return PendingReductions(queue: self)
  }

  /// The end of a step: what is still pending now stays so for ever. Neither waits nor calls MPI.
  func end() {
    isOpen = false
    if count > 0 { communicator.hasAbandonedRequests = true }
  }

  func post(_ values: UnsafeMutableBufferPointer<Float>) throws {
    try communicator.begin(.postedSum, count: values.count, type: .float32)
    defer { ProgressBoard.own.leave() }
    for (offset, length) in Messages(of: values.count, limit: communicator.elementsPerMessage) {
      precondition(count < capacity, "request \(count + 1) of a queue for \(capacity)")
      communicator.traffic.add(length, of: Float.self)
      let status = unsafe CMPI_iallreduce_in_place(
        values.baseAddress! + offset, length, .float32, .sum, communicator.handle, requests, Int32(count))
      try Distributed.check(status, "MPI_Iallreduce")
      count += 1
    }
  }

  /// Makes the operation that sums of bf16 need. Local (MPI_Op_create).
  package func prepareBFloat16() throws { if bfloat16Sum == nil { bfloat16Sum = try BFloat16Sum() } }

  func post(bfloat16 values: UnsafeMutableBufferPointer<UInt16>) throws {
    guard let bfloat16Sum else { preconditionFailure("bf16 in a queue that was not prepared for it") }
    try communicator.begin(.postedSum, count: values.count)
    defer { ProgressBoard.own.leave() }
    for (offset, length) in Messages(of: values.count, limit: communicator.elementsPerMessage) {
      precondition(count < capacity, "request \(count + 1) of a queue for \(capacity)")
      communicator.traffic.add(length, of: UInt16.self)
      let status = unsafe CMPI_iallreduce_bfloat16_in_place(
        values.baseAddress! + offset, length, bfloat16Sum.handle, communicator.handle, requests, Int32(count))
      try Distributed.check(status, "MPI_Iallreduce")
      count += 1
    }
  }

  func progress() throws {
    guard count > 0 else { return }
    var isDone: Int32 = 0
    try check(ofEach: unsafe CMPI_testall(Int32(count), requests, &isDone, statuses), "MPI_Testall")
    if isDone != 0 { count = 0 }
  }

  func wait() throws {
    try communicator.begin(.pendingSums)
    defer { ProgressBoard.own.leave() }
    while communicator.yields && count > 0 {
      try progress()
      if count > 0 { CMPI_yield() }
    }
    guard count > 0 else { return }
    try check(ofEach: unsafe CMPI_waitall(Int32(count), requests, statuses), "MPI_Waitall")
    count = 0
  }

  /// `check`, with the first failed request's own error in place of "see the statuses".
  private func check(ofEach status: Int32, _ function: StaticString) throws {
    if status == CMPI_err_in_status() {
      for index in 0..<Int32(count) {
        let error = unsafe CMPI_status_error(statuses, index)
        if error != CMPI_err_pending() { try Distributed.check(error, function) }
      }
    }
    try Distributed.check(status, function)
  }
}
