import Distributed
import Glibc

/// One run's hold on its folder: the file `lock` in it, held by flock(2), with a line of JSON that says whose it is.
///
/// The system's lock goes with the process, however that ends, and decides on one host and on file systems that carry locks
/// between hosts. The text decides where they do not, and says in messages who the owner is:
/// - no lock to be had: in use;
/// - an owner of this host that has ended, or none: taken;
/// - an owner of another host, or of this one before its last boot: taken only after it has shown no sign of life for ``patience`` seconds. A living owner sets the
///   file's time every ``signOfLifeInterval`` seconds. Should it live after all, it finds another owner's text before its
///   next checkpoint and ends.
///
/// At the end the text is removed, the file stays: removing it would let two processes hold two files of one name.
package final class RunLock: Sendable {
  /// The file's name in the run folder.
  package static let name = "lock"
  /// Seconds between signs of life.
  static let signOfLifeInterval = 20.0
  /// Seconds without a sign of life after which an owner of another host counts as gone.
  package static let patience = 65.0

  /// What the file says.
  struct Owner: Codable, Equatable, Sendable {
    var identity: ProcessIdentity
    /// Local date and time.
    var since: String
    /// Differs between any two runs.
    var token: String

    /// The owner in words.
    var text: String { "process \(identity.process) on \(identity.host) since \(since)" }
  }

  private let folder: String
  private let descriptor: Int32
  private let owner: Owner

  /// Takes the lock of the run folder `folder`, which exists. `report` gets a line about an owner that is gone, and one before
  /// a wait.
  ///
  /// Throws ``RunLockError/inUse(folder:owner:)``, or ``FileError`` where the file cannot be made or is a symbolic link.
  package convenience init(folder: String, report: (String) -> Void) throws {
    try self.init(folder: folder, patience: Self.patience, report: report)
  }

  /// As above, with another `patience` in seconds.
  package init(folder: String, patience: Double, report: (String) -> Void) throws {
    let path = "\(folder)/\(Self.name)"
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, operation: .lock, code: errno) }
    do {
      try Self.claim(descriptor, folder: folder, patience: patience, report: report)
      owner = Owner(
        identity: .own, since: LocalTime.now.text(between: " "),
        token: String(UInt64.random(in: .min ... .max), radix: 16))
      try Self.write(JSONText.encode(owner) + "\n", to: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    (self.folder, self.descriptor) = (folder, descriptor)
  }

  deinit {
    // Who took the folder over has a text of its own there.
    if (try? Self.owner(in: folder)) == owner { ftruncate(descriptor, 0) }
    close(descriptor)
  }

  /// Throws ``RunLockError/takenOver(folder:owner:)`` where the folder is another run's, ``FileError`` where the system refuses
  /// to say. From any thread.
  func check() throws {
    // Whoever removed the file did not take the folder.
    guard let now = try Self.owner(in: folder), now != owner else { return }
    throw RunLockError.takenOver(folder: folder, owner: now.text)
  }

  /// Sets the file's time, by which other hosts see that this run lives. From any thread.
  func showLife() {
    // Nothing is lost when one of many fails.
    _ = futimens(descriptor, nil)
  }

  /// Returns once the lock may be taken.
  private static func claim(
    _ descriptor: Int32, folder: String, patience: Double, report: (String) -> Void
  ) throws {
    let isHeld = flock(descriptor, LOCK_EX | LOCK_NB) != 0
    if isHeld && errno == EWOULDBLOCK {
      // Its owner may be about to write who it is.
      throw RunLockError.inUse(folder: folder, owner: try owner(in: folder)?.text ?? "another run")
    }
    // Any other error: a file system without locks, and the text alone decides.
    guard let before = try owner(in: folder) else { return }
    if before.identity.isOfThisHost {
      if before.identity != .own && before.identity.isRunning {
        throw RunLockError.inUse(folder: folder, owner: before.text)
      }
      report("the run of \(before.text) ended without releasing \(folder): taken over")
      return
    }
    report("\(folder) was last held by \(before.text): waiting \(Int(patience)) s for a sign of its life")
    try waitForSilence(of: before, folder: folder, seconds: patience)
    report("no sign of life: \(folder) is taken over")
  }

  /// Returns once the owner's file was left alone for `seconds`.
  private static func waitForSilence(of owner: Owner, folder: String, seconds: Double) throws {
    let (watch, before) = (Stopwatch(), try time(in: folder))
    while watch.seconds < seconds {
      usleep(useconds_t(min(1, seconds / 4) * 1e6))
      // The other ranks wait for this one: it does not hang.
      ProgressBoard.own.progressed()
      guard try time(in: folder) == before else { throw RunLockError.inUse(folder: folder, owner: owner.text) }
    }
  }

  /// Who holds `folder` by the file's text; nil where there is none or it is only a part of one.
  private static func owner(in folder: String) throws(FileError) -> Owner? {
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read("\(folder)/\(name)")
    } catch  where error.code == ENOENT {
      return nil
    }
    return try? JSONText.decode(Owner.self, from: String(decoding: bytes, as: UTF8.self))
  }

  /// The file's time of change in nanoseconds, as the server has it: opening asks for it anew.
  private static func time(in folder: String) throws(FileError) -> Int {
    let path = "\(folder)/\(name)"
    let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, operation: .lock, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(path: path, operation: .lock, code: errno) }
    return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
  }

  private static func write(_ text: String, to descriptor: Int32, path: String) throws(FileError) {
    var code: Int32 = 0
    if ftruncate(descriptor, 0) != 0 || lseek(descriptor, 0, SEEK_SET) < 0 { code = errno }
    if code == 0 { code = FileSystem.writeAll(Array(text.utf8), to: descriptor) }
    if code == 0 && fsync(descriptor) != 0 && errno != EINVAL { code = errno }
    guard code == 0 else { throw FileError(path: path, operation: .lock, code: code) }
  }
}
