import Glibc

extension SafeTensorsFile {
  /// Longest header the format allows, in bytes.
  static let headerLimit = 100_000_000

  /// Reads and checks the file at `path`. Throws `SafeTensorsError`, one case for each kind of damage.
  public init(contentsOf path: String) throws(SafeTensorsError) {
    try self.init(bytes: Self.readFile(path), path: path)
  }

  /// Reads and checks the `bytes` of a file; `path` is what messages call it. Throws `SafeTensorsError`.
  public init(bytes: [UInt8], path: String) throws(SafeTensorsError) {
    guard bytes.count >= 8 else { throw .tooShort(path: path, byteCount: bytes.count) }
    let announced = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard announced <= Self.headerLimit else { throw .headerTooLong(path: path, byteCount: announced) }
    let dataBegin = 8 + Int(announced)
    guard dataBegin <= bytes.count else {
      throw .headerBeyondFile(path: path, byteCount: Int(announced), available: bytes.count - 8)
    }

    let header = try SafeTensorsHeader(bytes: bytes, range: 8..<dataBegin, path: path)
    let available = bytes.count - dataBegin
    for entry in header.entries {
      try Self.check(entry, available: available, path: path)
    }
    // Empty tensors share their begin with a neighbour: the end decides, then the order of the header.
    let order = header.entries.enumerated().sorted {
      ($0.element.begin, $0.element.end, $0.offset) < ($1.element.begin, $1.element.end, $1.offset)
    }
    var end = 0
    var tensors: [Tensor] = []
    tensors.reserveCapacity(order.count)
    for (_, entry) in order {
      guard entry.begin >= end else {
        throw .overlap(path: path, tensor: entry.name, byteCount: end - entry.begin)
      }
      guard entry.begin == end else { throw .gap(path: path, tensor: entry.name, byteCount: entry.begin - end) }
      end = entry.end
      var tensor = Tensor(
        name: entry.name, dtype: entry.dtype, shape: entry.shape,
        bytes: Array(bytes[dataBegin + entry.begin..<dataBegin + entry.end]))
      tensor.path = path
      tensors.append(tensor)
    }
    guard end == available else { throw .trailingBytes(path: path, byteCount: available - end) }
    self.init(tensors: tensors, metadata: header.metadata, path: path)
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

  /// The whole of a regular file through open(2), fstat(2) and read(2).
  private static func readFile(_ path: String) throws(SafeTensorsError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .fileMissing(path: path) : .unreadable(path: path, reason: systemMessage(errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: systemMessage(errno))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "not a regular file") }

    var failure: Int32?
    let size = Int(status.st_size)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      while initialized < size {
        let count = unsafe read(descriptor, buffer.baseAddress! + initialized, size - initialized)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { failure = errno }
        if count <= 0 { return }
        initialized += count
      }
    }
    if let failure { throw .unreadable(path: path, reason: systemMessage(failure)) }
    return bytes
  }

  private static func systemMessage(_ code: Int32) -> String {
    unsafe String(cString: strerror(code))
  }
}
