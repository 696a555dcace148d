/// A file that grows by lines, and those that could not be added yet.
struct PendingLines {
  private let file: AppendedFile
  private var pending: [String] = []

  /// Makes the file at `path` hold `lines` and opens it for more. Throws ``FileError``.
  init(_ path: String, keeping lines: [String]) throws {
    try FileSystem.writeAtomically(lines.map { $0 + "\n" }.joined(), to: path)
    file = try AppendedFile(path)
  }

  /// Adds `line`. Throws ``FileError`` where the system refuses; the line is then added before the next one.
  mutating func append(_ line: String) throws(FileError) {
    pending.append(line)
    try flush()
  }

  /// Adds the lines that could not be added before. Throws ``FileError``.
  mutating func flush() throws(FileError) {
    while let line = pending.first {
      try file.append(line)
      pending.removeFirst()
    }
  }
}
