import Glibc

extension FileSystem {
  /// Puts what `content` writes at `path` as one change: a temporary name in the same folder, fsync, rename, fsync of the
  /// folder. Whoever reads `path` finds the old content or the new one.
  ///
  /// `content` gets a descriptor to write to and returns 0 or the errno that stopped it; `beforeRename` likewise has the last
  /// word once the temporary file is on the disk. No symbolic link at `path` or at the
  /// temporary name is followed: the rename replaces the one, the other is removed. Where `followsFolderLink` is false the
  /// folder must not be a link either. All names are looked up in the folder as it was opened, so that nobody can exchange
  /// it meanwhile. On an error the temporary file is removed.
  ///
  /// A device, a pipe or a socket at `path`, or behind a link of /dev, as /dev/stdout is one, is written to as it stands.
  static func replace(
    _ path: String, followsFolderLink: Bool = true, beforeRename: () -> Int32 = { 0 }, content: (Int32) -> Int32
  ) throws(FileError) {
    if isStream(path) { return try write(to: path, beforeRename: beforeRename, content: content) }
    let (folder, name) = split(path)
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsFolderLink ? 0 : O_NOFOLLOW)
    let directory = unsafe open(folder, flags)
    guard directory >= 0 else {
      let code = errno
      // The system says of a link in place of a folder that it is no folder.
      let isRefusedLink = !followsFolderLink && isLink(folder)
      throw FileError(path: folder, operation: .write, code: isRefusedLink ? ELOOP : code)
    }
    defer { close(directory) }
    let temporary = temporaryName(of: name)
    do throws(FileError) {
      try make(temporary, in: directory, path: path, content: content)
      var code = beforeRename()
      if code == 0, unsafe renameat(directory, temporary, directory, name) != 0 { code = errno }
      guard code == 0 else { throw FileError(path: path, operation: .rename, code: code) }
    } catch {
      unsafe unlinkat(directory, temporary, 0)
      throw error
    }
    let code = flushFolder(directory)
    guard code == 0 else { throw FileError(path: folder, operation: .write, code: code) }
  }

  /// Puts `bytes` at `path` as one change; see `replace`.
  package static func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
    try replace(path) { writeAll(bytes, to: $0) }
  }

  /// Puts `text` at `path` as one change; see `replace`.
  package static func writeAtomically(_ text: String, to path: String) throws(FileError) {
    try writeAtomically(Array(text.utf8), to: path)
  }

  /// What a file that is to become `name` is called while this process writes it.
  static func temporaryName(of name: String) -> String { ".\(name).\(getpid()).tmp" }

  /// Removes the temporary files in `folder` that their writers will not finish; how many.
  ///
  /// A writer is gone when no process has its number, and where it had the number of this process, which writes nothing there
  /// yet. Call it only while no process of another host writes there.
  static func removeOrphans(in folder: String) throws(FileError) -> Int {
    var count = 0
    for name in try names(in: folder) where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      guard let number = name.dropLast(4).split(separator: ".").last.flatMap({ pid_t($0) }), number > 0 else {
        continue
      }
      let isAlive = kill(number, 0) == 0 || errno != ESRCH
      if isAlive && number != getpid() { continue }
      try remove("\(folder)/\(name)")
      count += 1
    }
    return count
  }

  /// Whether `path` is no file that could be replaced but something that takes bytes. Links elsewhere than in /dev may be planted.
  private static func isStream(_ path: String) -> Bool {
    var status = stat()
    let found = unsafe path.hasPrefix("/dev/") ? stat(path, &status) : lstat(path, &status)
    return found == 0 && ![S_IFREG, S_IFDIR, S_IFLNK].contains(status.st_mode & S_IFMT)
  }

  private static func write(
    to path: String, beforeRename: () -> Int32, content: (Int32) -> Int32
  ) throws(FileError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, operation: .write, code: errno) }
    var code = beforeRename()
    if code == 0 { code = content(descriptor) }
    if close(descriptor) != 0 && code == 0 { code = errno }
    guard code == 0 else { throw FileError(path: path, operation: .write, code: code) }
  }

  /// Makes and fills the temporary file `name`; errors name the file that it is to become, `path`.
  private static func make(
    _ name: String, in directory: Int32, path: String, content: (Int32) -> Int32
  ) throws(FileError) {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    var descriptor = unsafe openat(directory, name, flags, 0o666)
    if descriptor < 0 && errno == EEXIST {
      // Left by a dead process that had this one's number, or planted: O_EXCL alone decides what is written to.
      unsafe unlinkat(directory, name, 0)
      descriptor = unsafe openat(directory, name, flags, 0o666)
    }
    guard descriptor >= 0 else { throw FileError(path: path, operation: .write, code: errno) }
    var code = content(descriptor)
    if code == 0 && fsync(descriptor) != 0 { code = errno }
    if close(descriptor) != 0 && code == 0 { code = errno }
    guard code == 0 else { throw FileError(path: path, operation: .write, code: code) }
  }
}
