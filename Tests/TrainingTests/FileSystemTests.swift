import Foundation
import TestSupport
import Testing

@testable import Training

/// What replaces and appends to files of a run.
struct FileSystemTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder(name))
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test
  func aPlantedLinkIsReplacedAndNotFollowed() throws {
    try folder.write([1], to: "victim")
    for name in ["file", FileSystem.temporaryName(of: "file")] {
      try folder.link(name, to: folder("victim"))
      try FileSystem.writeAtomically("text", to: folder("file"))
      #expect(try folder.bytes("victim") == [1])
      #expect(try folder.bytes("file") == Array("text".utf8) && !FileSystem.isLink(folder("file")))
    }
    #expect(try FileSystem.names(in: folder.path) == ["file", "victim"])
  }

  /// As /dev/stdout is one behind a pipe, and /dev/null a device.
  @Test
  func aPipeIsWrittenToAndNotReplaced() throws {
    let code = unsafe mkfifo(folder("pipe"), 0o600)
    #expect(code == 0)
    // Open for both, so that nobody waits for the other end.
    let descriptor = unsafe open(folder("pipe"), O_RDWR)
    defer { close(descriptor) }
    try FileSystem.writeAtomically("text", to: folder("pipe"))
    try FileSystem.writeAtomically("on", to: "/dev/fd/\(descriptor)")
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = unsafe read(descriptor, &bytes, 16)
    #expect(count == 6 && bytes.prefix(6).elementsEqual("texton".utf8))
    #expect(try FileSystem.names(in: folder.path) == ["pipe"])
    var status = stat()
    let found = unsafe lstat(folder("pipe"), &status)
    #expect(found == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test
  func aLogThatIsALinkIsRefused() throws {
    try folder.write([], to: "victim")
    try folder.link("log.txt", to: folder("victim"))
    let error = try #require(throws: FileError.self) { try AppendedFile(folder("log.txt")) }
    #expect("\(error)".contains("symbolic link: remove it"), "\(error)")
  }

  @Test
  func filesHaveTheModeOfTheUmask() throws {
    let mask = umask(0o022)
    umask(mask)
    try FileSystem.writeAtomically("text", to: folder("file"))
    _ = try AppendedFile(folder("log"))
    try FileSystem.makeDirectories(folder("a/b"))
    #expect(try mode("file") == 0o666 & ~Int(mask) && mode("log") == 0o666 & ~Int(mask))
    #expect(try mode("a/b") == 0o777 & ~Int(mask))
  }

  @Test
  func theFilesOfDeadWritersGoAndThoseOfTheLivingStay() throws {
    // A number that no process has: the largest that the kernel gives is 2^22.
    let (dead, living) = (".a.safetensors.4194305.tmp", ".b.safetensors.\(getppid()).tmp")
    let own = FileSystem.temporaryName(of: "c")
    for name in [dead, living, own, ".tmp", ".x.tmp", "d.4194305.tmp", ".d.4194305"] { try folder.write([1], to: name) }
    #expect(try FileSystem.removeOrphans(in: folder.path) == 2)
    #expect(
      try FileSystem.names(in: folder.path) == [living, ".d.4194305", ".tmp", ".x.tmp", "d.4194305.tmp"].sorted())
    #expect(try FileSystem.removeOrphans(in: folder("none")) == 0)
  }

  @Test
  func aFailingWriteLeavesTheOldFileAndNoOther() throws {
    try folder.write([1], to: "file")
    #expect(throws: FileError(path: folder("file"), operation: .write, code: ENOSPC)) {
      try FileSystem.replace(folder("file")) { FileSystem.writeAll([2], to: $0) == 0 ? ENOSPC : EIO }
    }
    #expect(try folder.bytes("file") == [1])
    #expect(try FileSystem.names(in: folder.path) == ["file"])
  }

  @Test
  func whatMayPassIsTriedAgain() {
    for code in [EIO, ESTALE, ENOSPC, EDQUOT, ETIMEDOUT, EAGAIN, EINTR] {
      #expect(FileError(path: "p", operation: .write, code: code).isTransient, "\(code)")
    }
    for code in [EROFS, EACCES, ENOENT, ENOTDIR, ELOOP, EISDIR, EPERM] {
      #expect(!FileError(path: "p", operation: .write, code: code).isTransient, "\(code)")
    }
  }
}
