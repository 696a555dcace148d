import Glibc

/// A text file that only grows: metrics and logs. Each line reaches the system before `append` returns.
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
  func append(_ line: String) throws(FileError) {
    let end = lseek(descriptor, 0, SEEK_END)
    let code = FileSystem.writeAll(Array((line + "\n").utf8), to: descriptor)
    guard code == 0 else {
      // A part of a line would stay before the next one. Where even this fails, readers leave the line out.
      if end >= 0 { ftruncate(descriptor, end) }
      throw FileError(path: path, operation: .write, code: code)
    }
  }
}
