import Glibc
import Model
import Synchronization

/// What ``CheckpointWriter`` and its thread share, and what the thread does.
///
/// Unchecked, because all that changes is in the monitor, but for the snapshot: it is the training thread's while the phase is
/// `idle` and the writer's in the others.
final class CheckpointWork: @unchecked Sendable {
  /// Where the thread is.
  enum Phase { case idle, ready, writing, pausing }

  struct State {
    var phase = Phase.idle
    /// Asks the thread to give up its failed checkpoint instead of trying again.
    var isReplaced = false
    /// Asks the thread to end.
    var isClosing = false
    /// What the training thread is to report.
    var lines: [String] = []
    /// Checkpoints since the last one that is on the disk.
    var failuresInARow = 0
    /// Why the last checkpoint is not on the disk; nil where it is.
    var failure: (any Error)?
    /// What ends the run.
    var fatal: (any Error)?
    /// Step of the last checkpoint that this writer put on the disk.
    var lastSaved: Int?
    var written = 0
    var writerSeconds = 0.0
  }

  let monitor = Monitor(State())
  /// Pieces of checkpoints that are on the disk: it grows while the disk works, however slowly.
  let pieces = Atomic(0)
  let snapshot: CheckpointSnapshot
  let folder: CheckpointFolder
  private let keep: Int
  private let lock: RunLock?
  private let retryDelays: [Double]

  init(
    folder: CheckpointFolder, keep: Int, layout: ParameterLayout, keepsAverages: Bool, lock: RunLock?,
    retryDelays: [Double]
  ) {
    precondition(keep >= 1, "\(keep) checkpoints to keep")
    snapshot = CheckpointSnapshot(layout, keepsAverages: keepsAverages)
    (self.folder, self.keep, self.lock, self.retryDelays) = (folder, keep, lock, retryDelays)
  }

  /// The thread's life.
  func run() {
    while waitsForWork() {
      let outcome = Result { try write() }
      let seconds = Self.processorSeconds
      monitor.access { $0.end(outcome, step: snapshot.description?.state.step ?? 0, writerSeconds: seconds) }
    }
  }

  /// True when there is a checkpoint to write, false when the thread is to end. Shows meanwhile that the run lives.
  private func waitsForWork() -> Bool {
    while true {
      let isReady = monitor.wait(seconds: RunLock.signOfLifeInterval) { state -> Bool? in
        guard state.phase == .ready else { return state.isClosing ? false : nil }
        state.phase = .writing
        return true
      }
      if let isReady { return isReady }
      lock?.showLife()
    }
  }

  /// Writes the snapshot, in as many attempts as its errors allow.
  private func write() throws {
    let image = snapshot.image()
    var attempt = 0
    while true {
      do {
        try write(image)
        return
      } catch let error as FileError {
        guard error.isTransient, attempt < retryDelays.count, !givesUp(after: retryDelays[attempt]) else { throw error }
        attempt += 1
      }
    }
  }

  /// Pauses before the next attempt; whether the training thread wants none.
  private func givesUp(after seconds: Double) -> Bool {
    monitor.access { $0.phase = .pausing }
    let verdict = monitor.wait(seconds: seconds) { $0.isReplaced || $0.isClosing ? true : nil }
    monitor.access { $0.phase = .writing }
    lock?.showLife()
    return verdict ?? false
  }

  private func write(_ image: CheckpointImage) throws {
    try lock?.check()
    guard let step = snapshot.description?.state.step else { preconditionFailure("nothing to write") }
    if !FileSystem.exists(folder.path) {
      try FileSystem.makeDirectories(folder.path)
      monitor.access { $0.lines.append("\(folder.path) was gone and is made anew") }
    }
    // Asked again at the last moment: a host may be suspended, or its disk slow, for as long as another one needs to take over.
    var loss: (any Error)?
    do {
      try FileSystem.replace(
        folder.file(step: step), followsFolderLink: false,
        beforeRename: {
          do { try lock?.check() } catch { loss = error }
          return loss == nil ? 0 : ECANCELED
        },
        content: {
          image.write(to: $0) {
            pieces.add(1, ordering: .relaxed)
            // A slow disk may take longer than another host waits.
            lock?.showLife()
          }
        })
    } catch {
      throw loss ?? error
    }
    do {
      try folder.keepNewest(keep)
    } catch {
      // The checkpoint stands; one too many is no reason to say otherwise.
      monitor.access { $0.lines.append("\(error); an old checkpoint stays") }
    }
  }

  /// Processor time of the calling thread.
  private static var processorSeconds: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

extension CheckpointWork.State {
  /// Takes in how a checkpoint went.
  fileprivate mutating func end(_ outcome: Result<Void, any Error>, step: Int, writerSeconds: Double) {
    self.writerSeconds = writerSeconds
    isReplaced = false
    phase = .idle
    switch outcome {
    case .success:
      written += 1
      if failuresInARow > 0 { lines.append("step \(step) is saved again") }
      failuresInARow = 0
      failure = nil
      lastSaved = step
    case .failure(let error):
      failuresInARow += 1
      failure = error
      if error is RunLockError {
        fatal = error
      } else if failuresInARow > 1 {
        fatal = error
        let place = lastSaved.map { "step \($0)" } ?? "where it started"
        lines.append("step \(step) is the second in a row that is not saved: the run ends, to go on from \(place)")
      } else {
        lines.append("\(error); step \(step) is not saved; training goes on, and the next checkpoint tries again")
      }
    }
  }
}
