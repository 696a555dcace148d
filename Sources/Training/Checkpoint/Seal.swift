import Crypto

/// The SHA-256 inside of a checkpoint: metadata `sha256`, 64 hexadecimal digits, computed with those digits counted as zeros.
///
/// It covers the header with its length; the header holds a digest of each tensor's bytes, so that everything is covered
/// and hashed once. In files of version 1 it covers header and data.
enum Seal {
  /// The metadata's key.
  static let key = "sha256"
  /// The metadata's key of the tensors' digests: a JSON object, name to 64 hexadecimal digits.
  static let tensorsKey = "sha256_of_tensors"
  /// What stands in the metadata until the file is sealed.
  static let placeholder = String(repeating: "0", count: 64)

  /// Bytes of a serialised file before its data; no more than there are.
  static func headerByteCount(_ bytes: [UInt8]) -> Int {
    guard bytes.count >= 8 else { return bytes.count }
    let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    return 8 + Int(min(UInt64(bytes.count - 8), length))
  }

  /// Where the digits stand in a serialised file, or in its header; nil where it has none.
  static func digits(in bytes: [UInt8]) -> Range<Int>? {
    guard bytes.count >= 8 else { return nil }
    let header = 8..<headerByteCount(bytes)
    // A quotation mark inside of a JSON text has a backslash before it, so this is found as a key only.
    let opening = Array("\"\(key)\":\"".utf8)
    guard header.count >= opening.count + 65 else { return nil }
    for begin in header.lowerBound..<header.upperBound - opening.count - 64
    where bytes[begin] == opening[0] && bytes[begin..<begin + opening.count].elementsEqual(opening) {
      let digits = begin + opening.count..<begin + opening.count + 64
      return bytes[digits].allSatisfy(isDigit) && bytes[digits.upperBound] == UInt8(ascii: "\"") ? digits : nil
    }
    return nil
  }

  /// Writes the digest of `header` into it; its metadata holds the placeholder.
  static func close(_ header: inout [UInt8]) {
    guard let digits = digits(in: header) else { preconditionFailure("a header without a place for its digest") }
    header.replaceSubrange(digits, with: digest(of: header, digits: digits, byteCount: header.count).utf8)
  }

  /// The digest of the first `byteCount` of `bytes`, those at `digits` counted as zeros, in hexadecimal.
  static func digest(of bytes: [UInt8], digits: Range<Int>, byteCount: Int) -> String {
    var hash = SHA256()
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<digits.lowerBound]))
      hash.update(data: Array(placeholder.utf8))
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[digits.upperBound..<byteCount]))
    }
    return text(hash.finalize())
  }

  /// The digest of `bytes`, in hexadecimal.
  static func digest(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    unsafe hash.update(bufferPointer: bytes)
    return text(hash.finalize())
  }

  /// The digest of `bytes`, in hexadecimal.
  static func digest(of bytes: [UInt8]) -> String { unsafe bytes.withUnsafeBytes { unsafe digest(of: $0) } }

  /// `digest` in hexadecimal.
  static func text(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
