extension SafeTensorsFile {
  /// Longest header the format allows, in bytes.
  static let headerLimit = 100_000_000

  /// Reads and checks the file at `path`: its header, and only where that fits the file's size the data, once. Throws
  /// `SafeTensorsError`, one case for each kind of damage.
  public init(contentsOf path: String) throws(SafeTensorsError) {
    let file = try SafeTensorsSource(path: path)
    defer { file.close() }
    let begin = try file.read(8)
    let dataBegin = try Self.dataBegin(begin, byteCount: file.byteCount, path: path)
    let bytes = try begin + file.read(dataBegin - 8)
    guard bytes.count == dataBegin else { throw .tooShort(path: path, byteCount: bytes.count) }
    let header = try SafeTensorsHeader(bytes: bytes, range: 8..<dataBegin, path: path)
    let tensors = try Self.tensors(header, available: file.byteCount - dataBegin, path: path) {
      (range) throws(SafeTensorsError) in try file.read(range.count)
    }
    self.init(tensors: tensors, metadata: header.metadata, path: path)
  }

  /// Reads and checks the `bytes` of a file; `path` is what messages call it. Throws `SafeTensorsError`.
  public init(bytes: [UInt8], path: String) throws(SafeTensorsError) {
    let dataBegin = try Self.dataBegin(bytes, byteCount: bytes.count, path: path)
    let header = try SafeTensorsHeader(bytes: bytes, range: 8..<dataBegin, path: path)
    let tensors = try Self.tensors(header, available: bytes.count - dataBegin, path: path) {
      Array(bytes[dataBegin + $0.lowerBound..<dataBegin + $0.upperBound])
    }
    self.init(tensors: tensors, metadata: header.metadata, path: path)
  }

  /// Where the data begin in a file of `byteCount` bytes, of which `bytes` are the first.
  private static func dataBegin(_ bytes: [UInt8], byteCount: Int, path: String) throws(SafeTensorsError) -> Int {
    guard bytes.count >= 8 else { throw .tooShort(path: path, byteCount: bytes.count) }
    let announced = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard announced <= Self.headerLimit else { throw .headerTooLong(path: path, byteCount: announced) }
    guard 8 + Int(announced) <= byteCount else {
      throw .headerBeyondFile(path: path, byteCount: Int(announced), available: byteCount - 8)
    }
    return 8 + Int(announced)
  }

  /// The tensors in the order of their data, `available` bytes, of which `data` gives one range after the other once all are checked.
  private static func tensors(
    _ header: SafeTensorsHeader, available: Int, path: String,
    data: (Range<Int>) throws(SafeTensorsError) -> [UInt8]
  ) throws(SafeTensorsError) -> [Tensor] {
    for entry in header.entries {
      try check(entry, available: available, path: path)
    }
    // Empty tensors share their begin with a neighbour: the end decides, then the order of the header.
    let order = header.entries.enumerated().sorted {
      ($0.element.begin, $0.element.end, $0.offset) < ($1.element.begin, $1.element.end, $1.offset)
    }.map(\.element)
    var end = 0
    for entry in order {
      guard entry.begin >= end else {
        throw .overlap(path: path, tensor: entry.name, byteCount: end - entry.begin)
      }
      guard entry.begin == end else { throw .gap(path: path, tensor: entry.name, byteCount: entry.begin - end) }
      end = entry.end
    }
    guard end == available else { throw .trailingBytes(path: path, byteCount: available - end) }
    var tensors: [Tensor] = []
    tensors.reserveCapacity(order.count)
    for entry in order {
      let bytes = try data(entry.begin..<entry.end)
      guard bytes.count == entry.end - entry.begin else {
        throw .rangeBeyondFile(path: path, tensor: entry.name, end: entry.end, available: entry.begin + bytes.count)
      }
      var tensor = Tensor(name: entry.name, dtype: entry.dtype, shape: entry.shape, bytes: bytes)
      tensor.path = path
      tensors.append(tensor)
    }
    return tensors
  }

  private static func check(
    _ entry: SafeTensorsHeader.Entry, available: Int, path: String
  ) throws(SafeTensorsError) {
    guard entry.begin <= entry.end else {
      throw .reversedRange(path: path, tensor: entry.name, begin: entry.begin, end: entry.end)
    }
    guard entry.end <= available else {
      throw .rangeBeyondFile(path: path, tensor: entry.name, end: entry.end, available: available)
    }
    let expected = try byteCount(path: path, name: entry.name, dtype: entry.dtype, shape: entry.shape)
    guard entry.end - entry.begin == expected else {
      throw .wrongByteCount(
        path: path, tensor: entry.name, expected: expected, found: entry.end - entry.begin)
    }
  }
}
