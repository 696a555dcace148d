import Glibc

/// A regular file that is read from its begin to its end (open, fstat, read).
struct SafeTensorsSource {
  private let path: String
  private let descriptor: Int32
  /// The file's size when it was opened.
  let byteCount: Int

  /// Opens the file at `path`, to be closed by ``close()``. Throws `fileMissing` and `unreadable`.
  init(path: String) throws(SafeTensorsError) {
    // A pipe of that name would block.
    let opened = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard opened >= 0 else {
      throw errno == ENOENT ? .fileMissing(path: path) : .unreadable(path: path, reason: Self.message(errno))
    }
    var status = stat()
    guard unsafe fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      let reason = status.st_mode == 0 ? Self.message(errno) : "not a regular file"
      Glibc.close(opened)
      throw .unreadable(path: path, reason: reason)
    }
    (self.path, descriptor, byteCount) = (path, opened, Int(status.st_size))
  }

  /// The next `count` bytes, fewer where the file ends before. Throws `unreadable`.
  func read(_ count: Int) throws(SafeTensorsError) -> [UInt8] {
    var failure: Int32?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let taken = unsafe Glibc.read(descriptor, buffer.baseAddress! + initialized, count - initialized)
        if taken < 0 && errno == EINTR { continue }
        if taken < 0 { failure = errno }
        if taken <= 0 { return }
        initialized += taken
      }
    }
    if let failure { throw .unreadable(path: path, reason: Self.message(failure)) }
    return bytes
  }

  func close() { _ = Glibc.close(descriptor) }

  private static func message(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
