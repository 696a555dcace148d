import Distributed
import Glibc

/// Rank `rank` throws while the others wait for it.
func throwing(rank: Int) throws {
  let world = try Communicator.world()
  try world.barrier()
  if world.rank == rank { throw StandInError(description: "step 12: the disk is full") }
  try world.barrier()
}

/// Rank `rank` throws past sums that cannot complete; the others wait for them.
func throwingPastPendingReductions(rank: Int) throws {
  let world = try Communicator.world()
  let queue = ReductionQueue(communicator: try world.duplicate(), capacity: 4)
  var values = [Float](repeating: 1, count: 1_000_000)
  try unsafe values.withUnsafeMutableBufferPointer { buffer in
    var pending = queue.begin()
    try unsafe pending.post(UnsafeMutableBufferPointer(rebasing: buffer[..<600_000]))
    if world.rank == rank { throw StandInError(description: "step 13: the loss is not finite") }
    try unsafe pending.post(UnsafeMutableBufferPointer(rebasing: buffer[600_000...]))
    try pending.wait()
  }
}

/// Ranks pass lengths that differ, the first one a longer buffer, as a wrong slice or layout would.
func mismatchedLengths(_ call: String) throws {
  let world = try Communicator.world()
  var values = [Float](repeating: 0, count: world.rank == 0 ? 8 : 4)
  try unsafe values.withUnsafeMutableBufferPointer { buffer in
    switch call {
    case "mismatch-broadcast": try unsafe world.broadcast(buffer, root: 0)
    case "mismatch-sum": try unsafe world.allReduce(buffer, .sum)
    default:
      var pending = ReductionQueue(communicator: world, capacity: 1).begin()
      try unsafe pending.post(buffer)
      try pending.wait()
    }
  }
  try world.barrier()
}

/// Rank `rank` is killed, as by a lack of memory.
func dying(rank: Int) throws {
  let world = try Communicator.world()
  try world.barrier()
  if world.rank == rank { kill(getpid(), SIGKILL) }
  try world.barrier()
}

/// Rank `rank` is killed while the others wait in memory for its part of a sum.
func dyingInNodeSums(rank: Int) throws {
  let world = try Communicator.world()
  let sums = try NodeSums(count: 1000, grouping: .sharedMemory, communicator: world)
  try expect(unsafe sums.buffer == nil, equals: false, "memory")
  try world.barrier()
  if world.rank == rank { kill(getpid(), SIGKILL) }
  sums.markComplete()
  try sums.awaitNext()
  throw Mistake("the sum of a rank that was killed")
}

/// Rank `rank` never comes.
func hanging(rank: Int) throws {
  let world = try Communicator.world()
  try world.barrier()
  if world.rank == rank {
    write(line: "rank \(rank) hangs", to: STDOUT_FILENO)
    while true { sleep(1) }
  }
  try world.barrier()
}

/// Every rank leaves in good order with `code`.
func exiting(code: Int32) throws {
  let world = try Communicator.world()
  try world.barrier()
  try Communicator.finalize()
  exit(code)
}
