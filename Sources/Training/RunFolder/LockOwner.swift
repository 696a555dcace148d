import Glibc

/// What the lock of a run folder says.
struct LockOwner: Codable, Equatable, Sendable {
  var identity: ProcessIdentity
  /// Local date and time.
  var since: String
  /// Differs between any two runs.
  var token: String
  /// One more than that of the owner before; 1 for the first.
  var generation: Int
  /// nil outside a batch job.
  var job: BatchJob?
  /// Whether the owner has ended in order.
  var isReleased = false

  /// This process from now on.
  init(generation: Int, job: BatchJob?) {
    identity = .own
    since = LocalTime.now.text(between: " ")
    token = String(UInt64.random(in: .min ... .max), radix: 16)
    (self.generation, self.job) = (generation, job)
  }

  /// The one that the lock of `folder` names; nil where there is no file, or only a part of a text in it. Throws ``FileError``
  /// where the system refuses to say.
  init?(of folder: String) throws(FileError) {
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read("\(folder)/\(RunLock.name)")
    } catch  where error.code == ENOENT {
      return nil
    }
    guard let owner = try? JSONText.decode(LockOwner.self, from: String(decoding: bytes, as: UTF8.self)) else {
      return nil
    }
    self = owner
  }

  /// The file's content.
  var text: String { JSONText.encode(self) + "\n" }

  /// The owner in words.
  var name: String {
    let place = job.map { ", start \($0.start) of \($0.name)" } ?? ""
    return "process \(identity.process) on \(identity.host) since \(since)\(place)"
  }
}
