import Glibc

extension FileSystem {
  /// Paths of the regular files below `folder` whose names end in `suffix` (whatever the case), in the order of their names;
  /// folders inside are looked into, hidden names and links to folders are not. Throws `unreadable`.
  static func files(below folder: String, suffix: String) throws(DatasetError) -> [String] {
    var (files, open) = ([String](), [folder])
    while let folder = open.popLast() {
      for name in try names(in: folder) where !name.hasPrefix(".") {
        let path = "\(folder)/\(name)"
        if kind(of: path) == .directory {
          if !isLink(path) { open.append(path) }
        } else if name.lowercased().hasSuffix(suffix) {
          files.append(path)
        }
      }
    }
    return files.sorted()
  }

  private static func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func names(in folder: String) throws(DatasetError) -> [String] {
    guard let directory = unsafe opendir(folder) else {
      throw .unreadable(path: folder, reason: text(of: errno))
    }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    // Only errno tells the end of the folder from an error, of a file server say.
    errno = 0
    while let entry = unsafe readdir(directory) {
      let (name, shown) = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe (String(validatingCString: $0), String(cString: $0))
        }
      }
      // Its pictures would be left out without a word.
      guard let name else {
        throw .unreadable(path: folder, reason: "the name \(shown) in it is not UTF-8; rename it")
      }
      names.append(name)
      errno = 0
    }
    guard errno == 0 else { throw .unreadable(path: folder, reason: text(of: errno)) }
    return names
  }
}
