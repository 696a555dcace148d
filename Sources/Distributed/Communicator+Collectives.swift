internal import CMPI

extension Communicator {
  /// Replaces every value by its sum, or its maximum, over the ranks. Collective, blocking, in place (MPI_Allreduce).
  ///
  /// Every rank passes the same number of elements and receives the same bits.
  package func allReduce<T: MPIElement>(_ values: UnsafeMutableBufferPointer<T>, _ operation: ReduceOperation) throws {
    try begin(.allReduce, count: values.count, type: T.messageType)
    defer { ProgressBoard.own.leave() }
    for (offset, count) in Messages(of: values.count, limit: elementsPerMessage) {
      traffic.add(count, of: T.self)
      try check(
        unsafe CMPI_allreduce_in_place(
          values.baseAddress! + offset, count, T.messageType.raw, operation.raw, handle, yields),
        "MPI_Allreduce")
    }
  }

  /// Replaces every value by its sum, or its maximum, over the ranks. Collective, blocking, in place (MPI_Allreduce).
  package func allReduce<T: MPIElement>(_ values: inout [T], _ operation: ReduceOperation) throws {
    try unsafe values.withUnsafeMutableBufferPointer { try unsafe allReduce($0, operation) }
  }

  /// Gives every rank the values of `root`. Collective, blocking, in place (MPI_Bcast); the same count on every rank.
  package func broadcast<T: MPIElement>(_ values: UnsafeMutableBufferPointer<T>, root: Int) throws {
    try begin(.broadcast, count: values.count, type: T.messageType, root: root)
    defer { ProgressBoard.own.leave() }
    let root = checkedRank(root)
    for (offset, count) in Messages(of: values.count, limit: elementsPerMessage) {
      traffic.add(count, of: T.self)
      try check(
        unsafe CMPI_bcast(values.baseAddress! + offset, count, T.messageType.raw, root, handle, yields), "MPI_Bcast")
    }
  }

  /// The bytes of `root`, of any length; those of the other ranks are ignored. Collective, blocking (MPI_Bcast, twice).
  package func broadcast(bytes: [UInt8], root: Int) throws -> [UInt8] {
    var count = Int64(bytes.count)
    try unsafe withUnsafeMutablePointer(to: &count) {
      try unsafe broadcast(UnsafeMutableBufferPointer(start: $0, count: 1), root: root)
    }
    var result = rank == root ? bytes : [UInt8](repeating: 0, count: Int(count))
    try unsafe result.withUnsafeMutableBufferPointer { try unsafe broadcast($0, root: root) }
    return result
  }

  /// The text of `root`; those of the other ranks are ignored. Collective, blocking (MPI_Bcast, twice).
  package func broadcast(text: String, root: Int) throws -> String {
    String(decoding: try broadcast(bytes: Array(text.utf8), root: root), as: UTF8.self)
  }

  /// All ranks' values in rank order at `root`, nothing elsewhere. Counts may differ and be 0. Collective, blocking.
  ///
  /// The counts come by MPI_Gather, the values by MPI_Send and MPI_Recv in rank order: MPI_Gatherv's 32-bit displacements
  /// would limit the whole, where this limits no rank's part.
  package func gather<T: MPIElement>(_ values: [T], root: Int) throws -> [T] {
    try gatherParts(values, root: root).values
  }

  /// Every rank's text in rank order at `root`, nothing elsewhere. Collective, blocking.
  package func gather(text: String, root: Int) throws -> [String] {
    let (bytes, counts) = try gatherParts(Array(text.utf8), root: root)
    var start = 0
    return counts.map { count in
      defer { start += count }
      return String(decoding: bytes[start..<start + count], as: UTF8.self)
    }
  }

  /// Returns once every rank has called it (MPI_Barrier).
  package func barrier() throws {
    try begin(.barrier)
    defer { ProgressBoard.own.leave() }
    traffic.add(0, of: UInt8.self)
    try check(CMPI_barrier(handle, yields), "MPI_Barrier")
  }

  /// Returns once every rank has called it, a few milliseconds late; a rank that waits sleeps and leaves its core to others
  /// (MPI_Ibarrier, MPI_Test). For waits of seconds.
  package func barrierAsleep() throws {
    try begin(.barrier)
    defer { ProgressBoard.own.leave() }
    traffic.add(0, of: UInt8.self)
    try check(CMPI_barrier_asleep(handle), "MPI_Ibarrier")
  }

  private func gatherParts<T: MPIElement>(_ values: [T], root: Int) throws -> (values: [T], counts: [Int]) {
    try begin(.gather, type: T.messageType, root: root)
    defer { ProgressBoard.own.leave() }
    let rootRank = checkedRank(root)
    traffic.add(1, of: Int64.self)
    let tag: Int32 = 1
    var own = Int64(values.count)
    guard rank == root else {
      try check(unsafe CMPI_gather_int64(&own, nil, rootRank, handle, yields), "MPI_Gather")
      try unsafe values.withUnsafeBufferPointer { buffer in
        for (offset, count) in Messages(of: buffer.count, limit: elementsPerMessage) {
          let start = unsafe buffer.baseAddress! + offset
          traffic.add(count, of: T.self)
          try check(unsafe CMPI_send(start, count, T.messageType.raw, rootRank, tag, handle, yields), "MPI_Send")
        }
      }
      return ([], [])
    }

    var gathered = [Int64](repeating: 0, count: size)
    try check(unsafe CMPI_gather_int64(&own, &gathered, rootRank, handle, yields), "MPI_Gather")
    let counts = gathered.map { Int($0) }
    let total = counts.reduce(0, +)
    let result = try unsafe [T](unsafeUninitializedCapacity: total) { buffer, initialized in
      for source in 0..<size {
        if source == rank {
          for (index, value) in values.enumerated() {
            unsafe buffer.initializeElement(at: initialized + index, to: value)
          }
        } else {
          for (offset, count) in Messages(of: counts[source], limit: elementsPerMessage) {
            let start = unsafe buffer.baseAddress! + initialized + offset
            try check(unsafe CMPI_recv(start, count, T.messageType.raw, Int32(source), tag, handle, yields), "MPI_Recv")
          }
        }
        initialized += counts[source]
      }
    }
    return (result, counts)
  }

  private func checkedRank(_ root: Int) -> Int32 {
    precondition(root >= 0 && root < size, "root \(root) of a communicator of \(size) ranks")
    return Int32(root)
  }
}
