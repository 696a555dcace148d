import Distributed
import Glibc

/// One run's hold on its folder: the file `lock` in it, held by flock(2), with a line of JSON that says whose it is.
///
/// The system's lock goes with the process, however that ends, and decides on one host and on file systems that carry locks
/// between hosts. The text decides where they do not, and says in messages who the owner is:
/// - no lock to be had: in use;
/// - an owner of this host that has ended, or none: taken;
/// - an owner of another host, or of this one before its last boot: taken only after it has shown no sign of life for ``patience`` seconds. A living owner sets the
///   file's time every ``signOfLifeInterval`` seconds;
/// - an earlier start of the same batch job: taken at once, lock or not. The batch system has given that start up, for example
///   because its host is cut off. The other way round an earlier start is refused for ever.
///
/// Each owner has a generation, one more than the one before. Should an earlier one live after all, it finds a later one's text
/// before its next checkpoint or epoch's end, and ends.
///
/// At the end the text says so and the file stays: removing it would let two processes hold two files of one name.
package final class RunLock: Sendable {
  /// The file's name in the run folder.
  package static let name = "lock"
  /// Seconds between signs of life.
  static let signOfLifeInterval = 20.0
  /// Seconds without a sign of life after which an owner of another host counts as gone.
  package static let patience = 65.0

  private let folder: String
  private let descriptor: Int32
  private let owner: LockOwner

  /// Takes the lock of the run folder `folder`, which exists. `report` gets a line about an owner that is gone, and one before
  /// a wait.
  ///
  /// Throws ``RunLockError``, or ``FileError`` where the file cannot be made or is a symbolic link.
  package convenience init(folder: String, report: (String) -> Void) throws {
    try self.init(folder: folder, patience: Self.patience, job: .current, report: report)
  }

  /// As above, with another `patience` in seconds, and for the batch job `job`.
  package init(folder: String, patience: Double, job: BatchJob?, report: (String) -> Void) throws {
    var descriptor = try Self.open(folder)
    do {
      let before = try LockOwner(of: folder)
      let owner = LockOwner(generation: (before?.generation ?? 0) + 1, job: job)
      switch try Self.claim(descriptor, from: before, for: job, folder: folder, patience: patience, report: report) {
      case .free:
        try Self.write(owner, to: descriptor, folder: folder)
      case .superseded:
        // The earlier start may hold the file that stands there, so another one takes its name.
        try FileSystem.writeAtomically(owner.text, to: "\(folder)/\(Self.name)")
        close(descriptor)
        descriptor = try Self.open(folder)
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
      }
      self.owner = owner
    } catch {
      close(descriptor)
      throw error
    }
    (self.folder, self.descriptor) = (folder, descriptor)
  }

  deinit {
    var released = owner
    released.isReleased = true
    // Who took the folder over has a text of its own there. Where the disk refuses, the next run finds that this one has ended.
    if (try? LockOwner(of: folder)) == owner { try? Self.write(released, to: descriptor, folder: folder) }
    close(descriptor)
  }

  /// Throws ``RunLockError/takenOver(folder:owner:generation:)`` where the folder is another run's, ``FileError`` where the system
  /// refuses to say. From any thread.
  func check() throws {
    // Whoever removed the file did not take the folder.
    guard let now = try LockOwner(of: folder), now != owner else { return }
    throw RunLockError.takenOver(folder: folder, owner: now.name, generation: owner.generation)
  }

  /// Sets the file's time, by which other hosts see that this run lives. From any thread.
  func showLife() {
    // Nothing is lost when one of many fails.
    _ = futimens(descriptor, nil)
  }

  /// How a lock may be taken.
  private enum Claim {
    /// Nobody else has it: the text is to be changed.
    case free
    /// An earlier start of this job may have it: the file is to be replaced.
    case superseded
  }

  /// Returns once the lock may be taken from `before`.
  private static func claim(
    _ descriptor: Int32, from before: LockOwner?, for job: BatchJob?, folder: String, patience: Double,
    report: (String) -> Void
  ) throws -> Claim {
    let isHeld = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    if let before, let job, job.isBefore(before.job) {
      throw RunLockError.superseded(folder: folder, owner: before.name)
    }
    if let before, !before.isReleased, let earlier = before.job, earlier.isBefore(job) {
      report("\(folder) is taken over from an earlier start of this job: \(before.name)")
      return .superseded
    }
    if isHeld {
      // Its owner may be about to write who it is.
      throw RunLockError.inUse(folder: folder, owner: before?.name ?? "another run")
    }
    // Not held, or a file system without locks, where the text alone decides.
    guard let before, !before.isReleased else { return .free }
    if before.identity.isOfThisHost {
      if before.identity != .own && before.identity.isRunning {
        throw RunLockError.inUse(folder: folder, owner: before.name)
      }
      report("the run of \(before.name) ended without releasing \(folder): taken over")
    } else {
      report("\(folder) was last held by \(before.name): waiting \(Int(patience)) s for a sign of its life")
      try waitForSilence(of: before, folder: folder, seconds: patience)
      report("no sign of life: \(folder) is taken over")
    }
    return .free
  }

  /// Returns once the owner's file was left alone for `seconds`.
  private static func waitForSilence(of owner: LockOwner, folder: String, seconds: Double) throws {
    let (watch, before) = (Stopwatch(), try time(in: folder))
    while watch.seconds < seconds {
      usleep(useconds_t(min(1, seconds / 4) * 1e6))
      // The other ranks wait for this one: it does not hang.
      ProgressBoard.own.progressed()
      guard try time(in: folder) == before else { throw RunLockError.inUse(folder: folder, owner: owner.name) }
    }
  }

  /// Opens the file, which is made where there is none.
  private static func open(_ folder: String) throws(FileError) -> Int32 {
    let path = "\(folder)/\(name)"
    let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, operation: .lock, code: errno) }
    return descriptor
  }

  /// The file's time of change in nanoseconds, as the server has it: opening asks for it anew.
  private static func time(in folder: String) throws(FileError) -> Int {
    let path = "\(folder)/\(name)"
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, operation: .lock, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(path: path, operation: .lock, code: errno) }
    return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
  }

  private static func write(_ owner: LockOwner, to descriptor: Int32, folder: String) throws(FileError) {
    var code: Int32 = 0
    if ftruncate(descriptor, 0) != 0 || lseek(descriptor, 0, SEEK_SET) < 0 { code = errno }
    if code == 0 { code = FileSystem.writeAll(Array(owner.text.utf8), to: descriptor) }
    if code == 0 && fsync(descriptor) != 0 && errno != EINVAL { code = errno }
    guard code == 0 else { throw FileError(path: "\(folder)/\(name)", operation: .lock, code: code) }
  }
}
