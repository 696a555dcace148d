internal import CMPI
internal import Synchronization

/// A group of ranks that call collectives together: a private duplicate, so its messages meet nobody else's.
///
/// One process is a communicator of size one, with or without mpirun. All calls come from the one thread that called
/// `world()` first (MPI_THREAD_FUNNELED). A collective is called by every rank of the communicator, in the same order on
/// each. What MPI reports is thrown as ``MPIError``; afterwards the communicator is fit for nothing but ending the job.
package final class Communicator {
  /// This process's number in the communicator, from 0.
  package let rank: Int
  /// Number of ranks.
  package let size: Int
  /// Most elements in one message; longer ones go in several. MPI counts in 32 bits. Equal on every rank.
  package var elementsPerMessage = 1 << 30 {
    willSet { precondition(newValue > 0 && newValue <= Int(Int32.max), "\(newValue) elements in one message") }
  }

  /// What this rank has handed to collectives of this communicator so far.
  package internal(set) var traffic = Traffic()

  let handle: CMPI_Comm
  /// Whether this rank has to give its core away while it waits, because ranks share cores and the library spins. Ranks may differ.
  let yields = MPIRuntime.ranksShareCores && !CMPI_can_yield()
  /// Set where requests were left behind: MPI then still uses the handle.
  var hasAbandonedRequests = false
  /// Whether all ranks of the job belong to it.
  let isWholeJob: Bool
  /// Its number in the order in which communicators of the whole job are made: the same on every rank.
  private let number: Int
  private static let made = Atomic<Int>(0)
  /// Compares every collective with the other ranks' where set.
  private var checker: CollectiveChecker?

  /// Owns `handle` from here on. `isWholeJob` says whether it is the world's or a duplicate of such a one.
  init(adopting handle: CMPI_Comm, isWholeJob: Bool) throws {
    var rank: Int32 = 0
    var size: Int32 = 0
    try check(unsafe CMPI_comm_rank(handle, &rank), "MPI_Comm_rank")
    try check(unsafe CMPI_comm_size(handle, &size), "MPI_Comm_size")
    self.handle = handle
    self.rank = Int(rank)
    self.size = Int(size)
    self.isWholeJob = isWholeJob
    number = isWholeJob ? Self.made.add(1, ordering: .relaxed).newValue : 0
  }

  deinit {
    guard MPIRuntime.isUsable, !hasAbandonedRequests else { return }
    CMPI_comm_free(handle)
  }

  /// Starts MPI with MPI_THREAD_FUNNELED unless it is started, and returns a private duplicate of the world.
  ///
  /// Collective over all ranks of the job. Throws ``LaunchError`` where the launcher started several tasks and MPI knows
  /// one rank, before any of them does work that is not its own.
  package static func world() throws -> Communicator {
    try MPIRuntime.start()
    var size: Int32 = 0
    try check(unsafe CMPI_comm_size(CMPI_comm_world(), &size), "MPI_Comm_size")
    if let trap = LaunchEnvironment.current.singletonTrap(worldSize: Int(size), build: .ofThisProgram) { throw trap }
    return try Communicator(duplicating: CMPI_comm_world(), isWholeJob: true)
  }

  private convenience init(duplicating handle: CMPI_Comm, isWholeJob: Bool) throws {
    var duplicate = CMPI_Comm()
    try check(unsafe CMPI_comm_dup(handle, &duplicate), "MPI_Comm_dup")
    try self.init(adopting: duplicate, isWholeJob: isWholeJob)
  }

  /// A communicator of the same ranks whose messages are apart from this one's. Collective (MPI_Comm_dup).
  package func duplicate() throws -> Communicator {
    try begin(.duplicate)
    defer { ProgressBoard.own.leave() }
    let duplicate = try Communicator(duplicating: handle, isWholeJob: isWholeJob)
    duplicate.elementsPerMessage = elementsPerMessage
    duplicate.checker = checker
    return duplicate
  }

  /// The ranks that share this rank's memory, in the same order. Collective (MPI_Comm_split_type).
  package func splitBySharedMemoryNode() throws -> Communicator {
    try begin(.split)
    defer { ProgressBoard.own.leave() }
    var node = CMPI_Comm()
    try check(unsafe CMPI_comm_split_shared(handle, Int32(rank), &node), "MPI_Comm_split_type")
    let communicator = try Communicator(adopting: node, isWholeJob: false)
    communicator.elementsPerMessage = elementsPerMessage
    return communicator
  }

  /// From here on every collective on this communicator, and on duplicates made of it, is compared between the ranks before it is
  /// carried out; where they differ all throw ``CollectiveMismatch``. Slow: for finding mistakes. Collective.
  package func checkCollectives() throws {
    precondition(isWholeJob, "collectives of a part of the job cannot be checked")
    checker = try CollectiveChecker(self)
  }

  /// Notes that this rank begins a collective, and compares it with the other ranks' where that is asked for. The caller leaves
  /// it on ``ProgressBoard/own``.
  func begin(_ kind: CollectiveKind, count: Int = 0, type: MessageType? = nil, root: Int = -1) throws {
    if let checker {
      let status = ProgressBoard.own.status(now: 0, countingFrom: 0)
      try checker.check(
        CollectiveCall(kind: kind, communicator: number, count: count, type: type, root: root, status: status))
    }
    ProgressBoard.own.begin(kind, ofWholeJob: isWholeJob)
  }

  /// The ranks that pass the same `color`, at least 0, in the same order. Collective (MPI_Comm_split).
  package func split(color: Int) throws -> Communicator {
    guard let color = Int32(exactly: color), color >= 0 else { preconditionFailure("a colour of \(color)") }
    try begin(.split)
    defer { ProgressBoard.own.leave() }
    var part = CMPI_Comm()
    try check(unsafe CMPI_comm_split(handle, color, Int32(rank), &part), "MPI_Comm_split")
    let communicator = try Communicator(adopting: part, isWholeJob: false)
    communicator.elementsPerMessage = elementsPerMessage
    return communicator
  }

  /// Lets MPI work on what other ranks wait for, without waiting (MPI_Iprobe). Local; for loops that wait for memory.
  func progress() throws { try check(CMPI_progress(handle), "MPI_Iprobe") }

  /// Ends every rank of the job at once, with `code` as exit status (MPI_Abort). Local: one rank is enough.
  ///
  /// Without MPI it ends this process. Standard output and error are flushed first.
  package static func abort(code: Int32) -> Never { MPIRuntime.abort(code: code) }

  /// Shuts MPI down at the orderly end (MPI_Finalize); nothing where it was never started or is shut down already.
  ///
  /// Collective. A rank that leaves without it makes mpirun end the job as failed.
  package static func finalize() throws { try MPIRuntime.finish() }

  /// Name and version of the MPI library, on one line.
  package static var libraryVersion: String { MPIRuntime.libraryVersion }
}
