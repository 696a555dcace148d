import Glibc

/// The few calls on files and folders that this module needs; statuses become `DatasetError`.
enum FileSystem {
  enum Kind: Equatable {
    case missing, file, directory, other
    /// The system does not say, for the reason of this error number: no right to look, a file server that fails.
    case unknown(Int32)
  }

  static func kind(of path: String) -> Kind {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .missing : .unknown(errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
  }

  /// The size of a file in bytes, 0 where there is none.
  static func byteCount(of path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  static func text(of code: Int32) -> String { unsafe String(cString: strerror(code)) }

  /// Throws `missingFile` or `unreadable` unless `path` is a regular file: opening a pipe would hang.
  static func checkIsFile(_ path: String, advice: String) throws(DatasetError) {
    switch kind(of: path) {
    case .file: break
    case .missing: throw .missingFile(path: path, advice: advice)
    case .directory: throw .unreadable(path: path, reason: "it is a folder")
    case .other: throw .unreadable(path: path, reason: "it is not a regular file")
    case .unknown(let code): throw .unreadable(path: path, reason: text(of: code))
    }
  }

  /// Makes `path` and the folders above it where they are missing.
  static func makeDirectories(_ path: String) throws(DatasetError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      if unsafe mkdir(made, 0o777) != 0 {
        let code = errno
        guard kind(of: made) == .directory else { throw .unwritable(path: made, reason: text(of: code)) }
      }
    }
  }

  /// Throws `unwritable` where `path` is there and cannot be removed.
  static func remove(_ path: String) throws(DatasetError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .unwritable(path: path, reason: text(of: errno)) }
  }

  /// Calls `body` while this process alone holds the lock file `path`, which is gone afterwards (flock). `waits` is called where another
  /// one holds it. Where the file system has no locks `body` is called without.
  static func withLock<Value>(
    _ path: String, waits: () -> Void, _ body: () throws(DatasetError) -> Value
  ) throws(DatasetError) -> Value {
    while true {
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw .unwritable(path: path, reason: text(of: errno)) }
      defer { close(descriptor) }
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
        waits()
        while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
      }
      // Whoever held it has removed it, and a third process may hold a new one.
      var (own, current) = (stat(), stat())
      let isStale = unsafe fstat(descriptor, &own) != 0 || stat(path, &current) != 0 || own.st_ino != current.st_ino
      guard !isStale else { continue }
      defer { _ = unsafe unlink(path) }
      return try body()
    }
  }

  /// Renames within one folder, after what was written has reached the disk.
  static func commit(_ temporary: String, as path: String) throws(DatasetError) {
    let descriptor = unsafe open(temporary, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unwritable(path: temporary, reason: text(of: errno)) }
    let flushed = fsync(descriptor)
    let code = errno
    close(descriptor)
    guard flushed == 0 else { throw .unwritable(path: temporary, reason: text(of: code)) }
    guard unsafe rename(temporary, path) == 0 else { throw .unwritable(path: path, reason: text(of: errno)) }
  }

  /// The whole of a file of at most `limit` bytes.
  static func contents(of path: String, limit: Int, advice: String) throws(DatasetError) -> [UInt8] {
    try checkIsFile(path, advice: advice)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: text(of: errno)) }
    defer { close(descriptor) }
    return try contents(of: descriptor, path: path, limit: limit)
  }

  /// All that comes from `descriptor`, of which `path` is the name in errors. Throws `unreadable`.
  static func contents(of descriptor: Int32, path: String, limit: Int) throws(DatasetError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw .unreadable(path: path, reason: text(of: errno)) }
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else {
        throw .unreadable(path: path, reason: "it is larger than \(limit >> 20) MiB")
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }
}
