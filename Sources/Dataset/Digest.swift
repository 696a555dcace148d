import Crypto

/// SHA-256, as 64 lower-case hexadecimal digits.
struct Digest {
  private var hash = SHA256()

  mutating func update(_ bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable {
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer($0))
    }
    if done == nil { update(Array(bytes)) }
  }

  /// A number in little-endian order, so that neighbouring fields cannot run into each other.
  mutating func update(_ value: Int) {
    update((0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  /// Length, then the characters in UTF-8.
  mutating func update(_ text: String) {
    update(text.utf8.count)
    update(Array(text.utf8))
  }

  consuming func finish() -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in hash.finalize() {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The digest of a gzip or plain file's uncompressed content, and its size in bytes. Content of more than
  /// `limit` bytes throws `trailingBytes`: a small file can unpack without end.
  static func ofContent(at path: String, limit: Int) throws(DatasetError) -> (sha256: String, byteCount: Int) {
    let file = try GzipFile(path: path)
    var digest = Digest()
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    var total = 0
    while true {
      let count = try file.read(into: &chunk, upTo: chunk.count)
      if count == 0 { return (digest.finish(), total) }
      total += count
      guard total <= limit else { throw .trailingBytes(path: path, expectedByteCount: limit) }
      digest.update(chunk[..<count])
    }
  }
}
