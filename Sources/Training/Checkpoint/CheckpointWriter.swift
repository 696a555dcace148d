import Distributed
import Glibc
package import Model

/// Writes a run's checkpoints in the background of its training, one at a time, on a thread of its own.
///
/// `save` copies the run and returns; the thread hashes, writes, flushes and renames, then removes the oldest checkpoints. A
/// checkpoint that is due while the one before is still written waits for it: a slow disk slows the run and does not
/// thin out its checkpoints.
///
/// An error that may pass is met with four more attempts in 15 s, others with none. A checkpoint that still cannot be written is
/// reported and training goes on with the previous one on the disk; a failed one that still waits for its next attempt
/// gives way to the next checkpoint. When that one fails too, the run has gone two intervals without a checkpoint, and `save`,
/// `poll` and `finish` throw.
///
/// Rank 0's. All calls from one thread. The writer's thread calls neither MPI nor oneDNN and takes no signals.
package final class CheckpointWriter {
  /// What checkpoints have cost.
  package struct Totals: Sendable, Equatable {
    /// Checkpoints on the disk.
    package var written = 0
    /// Wall seconds of the training thread in `save` and `finish`: copying, and waiting for the writer.
    package var trainingSeconds = 0.0
    /// Processor seconds of the writer's thread.
    package var writerSeconds = 0.0
  }

  private let work: CheckpointWork
  private let thread: pthread_t
  private var trainingSeconds = 0.0

  /// Starts the thread. It writes into `folder`, whose newest `keep` checkpoints stay, as long as `lock` is this run's.
  package convenience init(
    folder: CheckpointFolder, keep: Int, layout: ParameterLayout, keepsAverages: Bool = false, lock: RunLock?
  ) throws {
    try self.init(
      folder: folder, keep: keep, layout: layout, keepsAverages: keepsAverages, lock: lock, retryDelays: Retry.delays)
  }

  /// As above, with other pauses between attempts. Throws ``FileError`` where the system gives no thread.
  package init(
    folder: CheckpointFolder, keep: Int, layout: ParameterLayout, keepsAverages: Bool = false, lock: RunLock?,
    retryDelays: [Double]
  ) throws {
    work = CheckpointWork(
      folder: folder, keep: keep, layout: layout, keepsAverages: keepsAverages, lock: lock, retryDelays: retryDelays)
    thread = try Self.start(work)
  }

  /// Finishes the write at hand, without further attempts, and ends the thread.
  deinit {
    work.monitor.access { $0.isClosing = true }
    let status = pthread_join(thread, nil)
    precondition(status == 0, "pthread_join: error \(status)")
  }

  /// Copies the run as it stands and has it written. Lines about earlier checkpoints go to `report`.
  ///
  /// Throws ``FileError`` where two checkpoints in a row could not be written, ``RunLockError`` where the folder is another run's.
  package func save(
    _ description: Checkpoint.Description, _ buffers: RunBuffers, report: (String) -> Void
  ) throws {
    let watch = Stopwatch()
    defer { trainingSeconds += watch.seconds }
    while !waitsForIdleOrReplaces() {}
    try passOn(report)
    // The thread leaves the snapshot alone until it is told.
    work.snapshot.take(description, buffers)
    work.monitor.access { $0.phase = .ready }
  }

  /// Passes on what the thread has to say. Cheap, and allocates nothing where there is nothing: for every step.
  ///
  /// Throws as `save`.
  package func poll(report: (String) -> Void) throws {
    let isQuiet = work.monitor.access { $0.lines.isEmpty && $0.fatal == nil }
    if !isQuiet { try passOn(report) }
  }

  /// Waits until the last checkpoint is on the disk.
  ///
  /// Throws as `save`, and also where only the last one could not be written: nothing was saved that the caller may claim.
  package func finish(report: (String) -> Void) throws {
    let watch = Stopwatch()
    defer { trainingSeconds += watch.seconds }
    wait { $0.phase == .idle ? () : nil }
    try passOn(report)
    if let error = work.monitor.access({ $0.failure }) { throw error }
  }

  /// What checkpoints have cost so far.
  package var totals: Totals {
    work.monitor.access {
      Totals(written: $0.written, trainingSeconds: trainingSeconds, writerSeconds: $0.writerSeconds)
    }
  }

  /// Waits until the thread is idle: true; or asks it to give up a checkpoint that waits for another attempt: false.
  private func waitsForIdleOrReplaces() -> Bool {
    wait { state in
      if state.phase == .idle { return true }
      guard state.phase == .pausing, state.failuresInARow == 0, !state.isReplaced else { return nil }
      state.isReplaced = true
      return false
    }
  }

  /// Waits until `body` gives something. As long as the thread brings pieces to the disk, the watchdog sees progress.
  private func wait<Result>(_ body: (inout CheckpointWork.State) -> Result?) -> Result {
    var seen = work.pieces.load(ordering: .relaxed)
    while true {
      if let result = work.monitor.wait(seconds: 1, body) { return result }
      let pieces = work.pieces.load(ordering: .relaxed)
      if pieces != seen { ProgressBoard.own.progressed() }
      seen = pieces
    }
  }

  private func passOn(_ report: (String) -> Void) throws {
    let (lines, error) = work.monitor.access { state in
      defer { state.lines = [] }
      return (state.lines, state.fatal)
    }
    for line in lines { report(line) }
    if let error { throw error }
  }

  private static func start(_ work: CheckpointWork) throws(FileError) -> pthread_t {
    // A signal is for the thread that trains: its handler must not interrupt a write.
    var (all, before) = (sigset_t(), sigset_t())
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let handed = unsafe Unmanaged.passRetained(work)
    let status = unsafe pthread_create(
      &thread, nil,
      { argument in
        unsafe Unmanaged<CheckpointWork>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, handed.toOpaque())
    guard status == 0 else {
      unsafe handed.release()
      throw FileError(path: work.folder.path, operation: .write, code: status)
    }
    return thread
  }
}
