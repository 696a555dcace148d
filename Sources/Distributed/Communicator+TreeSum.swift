internal import CMPI

extension Communicator {
  /// Replaces every value by its sum over the ranks, added along one fixed binary tree. Collective, blocking, in place.
  ///
  /// First ranks 0 and 1, 2 and 3, ... add theirs, then pairs 0-1 and 2-3, and so on: recursive doubling (Thakur, Rabenseifner,
  /// Gropp 2005) with MPI_Sendrecv, where both partners compute the same sum, because an addition of two numbers does not depend
  /// on their order. So every rank gets the same bits, and values that are sums along the lower levels of such a tree give
  /// the bits that a single process would have computed. Of these MPI_Allreduce promises the first alone.
  ///
  /// The size is a power of two. A message carries as many values as `scratch` holds; that is all the memory needed.
  package func sumOverTree<T: MPIElement & AdditiveArithmetic>(
    _ values: UnsafeMutableBufferPointer<T>, scratch: UnsafeMutableBufferPointer<T>
  ) throws {
    precondition(size & (size - 1) == 0, "a tree over \(size) ranks, which is no power of two")
    precondition(size == 1 || !scratch.isEmpty, "a tree over \(size) ranks without scratch")
    try begin(.treeSum, count: values.count, type: T.messageType)
    defer { ProgressBoard.own.leave() }
    let tag: Int32 = 2
    var distance = 1
    while distance < size {
      let partner = Int32(rank ^ distance)
      for (offset, count) in Messages(of: values.count, limit: min(scratch.count, elementsPerMessage)) {
        traffic.add(count, of: T.self)
        let own = unsafe values.baseAddress! + offset
        let other = scratch.baseAddress!
        try check(
          unsafe CMPI_sendrecv(own, other, count, T.messageType.raw, partner, tag, handle, yields), "MPI_Sendrecv")
        for i in 0..<Int(count) { unsafe own[i] += other[i] }
      }
      distance *= 2
    }
  }
}
