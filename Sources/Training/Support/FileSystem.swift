import Distributed
import Glibc

/// The few calls on files that a run folder needs. A status that is no success becomes ``FileError``.
package enum FileSystem {
  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Whether `path` itself is a symbolic link, whatever it leads to.
  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether `path` is a regular file, or a link that leads to one.
  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The lines of the text file at `path` that are not empty, without their ends: LF, or CR LF where an editor has saved it so. Throws
  /// ``FileError``.
  static func lines(in path: String) throws -> [String] {
    // By bytes: CR LF is one character, which is no line's end.
    try read(path).split(separator: 0x0A).map { $0.last == 0x0D ? $0.dropLast() : $0 }
      .filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Makes `path` and the folders above it where they are missing.
  static func makeDirectories(_ path: String) throws(FileError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      if unsafe mkdir(made, 0o777) != 0 {
        let code = errno
        guard isDirectory(made) else { throw FileError(path: made, operation: .create, code: code) }
      }
    }
  }

  /// Makes the folder `path`, whose parent exists; false where something of that name stands there.
  static func makeNewDirectory(_ path: String) throws(FileError) -> Bool {
    guard unsafe mkdir(path, 0o777) != 0 else { return true }
    guard errno == EEXIST else { throw FileError(path: path, operation: .create, code: errno) }
    return false
  }

  /// The names in the folder `path`, sorted; none where there is no such folder.
  static func names(in path: String) throws(FileError) -> [String] {
    guard let directory = unsafe opendir(path) else {
      if errno == ENOENT { return [] }
      throw FileError(path: path, operation: .list, code: errno)
    }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    // Only errno tells the end of the folder from an error, of a file server say.
    errno = 0
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw FileError(path: path, operation: .list, code: errno) }
    return names.sorted()
  }

  /// What is read or written at once before the watchdog is told that work moves: a slow disk is no stall.
  static let pieceByteCount = 8 << 20

  /// The whole of the file at `path`.
  package static func read(_ path: String) throws(FileError) -> [UInt8] {
    // A pipe or a device of that name would block or never end.
    let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, operation: .read, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(path: path, operation: .read, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path: path, operation: .read, code: EINVAL) }
    var failure: Int32 = 0
    let size = Int(status.st_size)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let piece = min(size - count, pieceByteCount)
        let read = unsafe Glibc.read(descriptor, buffer.baseAddress! + count, piece)
        if read < 0 && errno == EINTR { continue }
        if read < 0 { failure = errno }
        if read <= 0 { break }
        count += read
        ProgressBoard.own.progressed()
      }
    }
    guard failure == 0 else { throw FileError(path: path, operation: .read, code: failure) }
    return bytes
  }

  /// A small file of /proc, whose size the system does not say; nil where there is none.
  static func systemText(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Renames within one folder, on the disk when this returns.
  static func rename(_ path: String, to new: String) throws(FileError) {
    guard unsafe Glibc.rename(path, new) == 0 else { throw FileError(path: new, operation: .rename, code: errno) }
    let folder = split(new).folder
    let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: folder, operation: .write, code: errno) }
    defer { close(descriptor) }
    let code = flushFolder(descriptor)
    guard code == 0 else { throw FileError(path: folder, operation: .write, code: code) }
  }

  /// Puts the names in an open folder on the disk; 0, or the errno that stopped it.
  static func flushFolder(_ descriptor: Int32) -> Int32 {
    // Some network file systems cannot flush a folder and say so.
    fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno
  }

  /// Removes the file `path`; nothing where there is none.
  static func remove(_ path: String) throws(FileError) {
    if unsafe unlink(path) != 0 && errno != ENOENT { throw FileError(path: path, operation: .remove, code: errno) }
  }

  /// Writes all of `bytes`; 0, or the errno that stopped it.
  static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    unsafe bytes.withUnsafeBytes { unsafe writeAll($0, to: descriptor) }
  }

  /// Writes all of `buffer`; 0, or the errno that stopped it.
  static func writeAll(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var done = 0
    while done < buffer.count {
      let written = unsafe Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
      if written < 0 && errno == EINTR { continue }
      if written < 0 { return errno }
      done += written
    }
    return 0
  }

  /// Folder and name of `path`; the folder of a bare name is ".".
  static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = String(path[..<slash])
    return (folder.isEmpty ? "/" : folder, String(path[path.index(after: slash)...]))
  }
}
