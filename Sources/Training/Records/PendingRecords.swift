/// A file that grows by records, and those that could not be added yet.
struct PendingRecords {
  private let file: AppendedFile
  private var pending: [[UInt8]] = []

  /// Opens or makes the file at `path`. Throws ``FileError``.
  init(_ path: String) throws(FileError) { file = try AppendedFile(path) }

  /// Makes the file at `path` hold `lines` and opens it for more. Throws ``FileError``.
  init(_ path: String, keeping lines: [String]) throws(FileError) {
    try FileSystem.writeAtomically(Array(lines.map(Self.record).joined()), to: path)
    try self.init(path)
  }

  /// Adds `record`. Throws ``FileError`` where the system refuses; it is then added before the next one.
  mutating func append(_ record: [UInt8]) throws(FileError) {
    pending.append(record)
    try flush()
  }

  /// Adds `line` and a line break; else like the above.
  mutating func append(_ line: String) throws(FileError) { try append(Self.record(line)) }

  /// Adds the records that could not be added before. Throws ``FileError``.
  mutating func flush() throws(FileError) {
    while let record = pending.first {
      try file.append(record)
      pending.removeFirst()
    }
  }

  private static func record(_ line: String) -> [UInt8] { Array((line + "\n").utf8) }
}
