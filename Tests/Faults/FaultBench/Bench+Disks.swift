import Foundation
import Glibc
import TestSupport

@testable import Training

extension Bench {
  /// Disks that fill up, turn read-only or lose the folder; files that are cut or changed.
  func disks() throws -> [FaultRow] {
    try [diskFull(), diskReadOnly(), folderDeleted()] + damagedFiles()
  }

  private func diskFull() throws -> FaultRow {
    let disk = try SmallDisk(kilobytes: 4096)
    let victim = Victim(folder: disk.path + "/run")
    let filler = disk.path + "/filler"
    return try single(
      "disk full", "a small file system filled under the run", victim: victim, message: "No space left on device",
      strike: { _ in try disk.fill(filler) }, fits: { $0 == 74 }, mend: { _ = unsafe unlink(filler) })
  }

  private func diskReadOnly() throws -> FaultRow {
    let folder = try TemporaryFolder()
    let victim = Victim(folder: folder.path + "/run")
    let lid = ReadOnlyLid(victim.checkpoints.path)
    return try single(
      "file system turns read-only", "checkpoints/ remounted under the run", victim: victim,
      message: "Read-only file system", strike: { _ in try lid.close() }, fits: { $0 == 74 }, mend: { try lid.open() })
  }

  /// The folder is made anew and the run goes on: only the metrics of the epochs before are gone.
  private func folderDeleted() throws -> FaultRow {
    let folder = try TemporaryFolder()
    let victim = Victim(folder: folder.path + "/run")
    return try single(
      "run folder deleted", "removed with everything in it", victim: victim, message: "resume point: ",
      keepsMetrics: false,
      strike: { _ in
        // Away in one move: the run would fill what is being emptied.
        let away = victim.folder + "-deleted"
        try FileManager.default.moveItem(atPath: victim.folder, toPath: away)
        try empty(away)
      }, fits: { $0 == 0 })
  }

  /// Removes a folder that a run may still be writing into: the run may remove its file first, or leave one behind.
  private func empty(_ folder: String) throws {
    let files = FileManager.default
    for _ in 0..<100 where files.fileExists(atPath: folder) {
      if (try? files.removeItem(atPath: folder)) == nil { usleep(10_000) }
    }
    if files.fileExists(atPath: folder) { throw BenchError(description: "cannot remove \(folder)") }
  }

  /// The newest checkpoint is damaged after the run was killed: the one before is taken.
  private func damagedFiles() throws -> [FaultRow] {
    func damage(_ fault: String, _ injection: String, _ change: @escaping (inout Data) -> Void) throws -> FaultRow {
      let folder = try TemporaryFolder()
      let victim = Victim(folder: folder.path + "/run")
      return try single(
        fault, injection, victim: victim, message: "trying the one before", lostSteps: victim.steps,
        strike: { running in
          _ = running.waits { _ in ((try? victim.checkpoints.steps().count) ?? 0) >= 3 }
          if let process = running.process(ofRank: 0) { kill(process, SIGKILL) }
        }, fits: { $0 == 137 },
        mend: {
          let path = victim.checkpoints.file(step: try victim.checkpoints.steps().last ?? 0)
          var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
          change(&bytes)
          try bytes.write(to: URL(fileURLWithPath: path))
        })
    }
    var random = SplitMix(state: nextSeed())
    let place = random.next()
    return [
      try damage("checkpoint cut", "the newest file's second half is gone") { $0.removeLast($0.count / 2) },
      try damage("checkpoint changed", "one bit of the newest file's data is flipped") {
        $0[$0.startIndex + $0.count / 2 + Int(place % UInt64($0.count / 2))] ^= 1 << UInt8(place >> 32 & 7)
      },
      try damage("checkpoint's header changed", "one bit in it is flipped") {
        $0[$0.startIndex + Int(place % 200)] ^= 1 << UInt8(place >> 40 & 7)
      },
    ]
  }
}

/// A file system in memory of a given size, mounted in a folder of its own; needs root.
final class SmallDisk {
  let path: String

  init(kilobytes: Int) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("unmix-disk-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard unsafe mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
      throw BenchError(description: "cannot mount a tmpfs at \(path): errno \(errno); the bench needs root")
    }
  }

  deinit {
    unsafe umount2(path, Int32(MNT_DETACH))
    unsafe rmdir(path)
  }

  /// Writes a file until nothing more fits.
  func fill(_ file: String) throws {
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BenchError(description: "cannot write \(file): errno \(errno)") }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 0, count: 4096)
    while unsafe write(descriptor, block, block.count) > 0 {}
  }
}

/// Makes a folder read-only and writable again, whatever the user's rights: a read-only mount of the folder over itself.
struct ReadOnlyLid {
  let path: String

  init(_ path: String) { self.path = path }

  func close() throws {
    let flags = UInt(MS_REMOUNT | MS_BIND | MS_RDONLY)
    guard unsafe mount(path, path, nil, UInt(MS_BIND), nil) == 0,
      unsafe mount(nil, path, nil, flags, nil) == 0
    else { throw BenchError(description: "cannot mount \(path) read-only: errno \(errno); the bench needs root") }
  }

  func open() throws {
    guard unsafe umount2(path, Int32(MNT_DETACH)) == 0 else {
      throw BenchError(description: "cannot unmount \(path): errno \(errno)")
    }
  }
}
