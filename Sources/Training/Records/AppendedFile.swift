import Glibc

/// A file that only grows: metrics and logs. What is added reaches the system before `append` returns.
final class AppendedFile {
  let path: String
  private let descriptor: Int32

  /// Opens or makes the file. Throws ``FileError``, also for a symbolic link: what somebody planted is not written through.
  init(_ path: String) throws(FileError) {
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, operation: .write, code: errno) }
    self.path = path
  }

  deinit { close(descriptor) }

  /// Adds `line` and a line break: all of it, or on an error nothing.
  func append(_ line: String) throws(FileError) { try append(Array((line + "\n").utf8)) }

  /// Adds `bytes`: all of them, or on an error nothing.
  func append(_ bytes: [UInt8]) throws(FileError) {
    let end = lseek(descriptor, 0, SEEK_END)
    let code = FileSystem.writeAll(bytes, to: descriptor)
    guard code == 0 else {
      // A part of a line or record would stay before the next one. Where even this fails, readers leave it out.
      if end >= 0 { ftruncate(descriptor, end) }
      throw FileError(path: path, operation: .write, code: code)
    }
  }
}
