import Crypto

/// The SHA-256 of a safetensors file inside the file itself: metadata `sha256`, 64 hexadecimal digits, computed over header
/// and data with those digits counted as zeros.
enum Seal {
  /// The metadata's key.
  static let key = "sha256"
  /// What stands in the metadata until the file is sealed.
  static let placeholder = String(repeating: "0", count: 64)

  /// Where the digits stand in a serialised file; nil where the header has none.
  static func digits(in bytes: [UInt8]) -> Range<Int>? {
    guard bytes.count >= 8 else { return nil }
    let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    let header = 8..<8 + Int(min(UInt64(bytes.count - 8), length))
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

  /// Writes the digest into `bytes`, whose metadata holds the placeholder.
  static func close(_ bytes: inout [UInt8]) {
    guard let digits = digits(in: bytes) else { preconditionFailure("a file without a place for its digest") }
    bytes.replaceSubrange(digits, with: digest(of: bytes, digits: digits).utf8)
  }

  /// The digest of `bytes` with those at `digits` counted as zeros, in hexadecimal.
  static func digest(of bytes: [UInt8], digits: Range<Int>) -> String {
    var hash = SHA256()
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<digits.lowerBound]))
      hash.update(data: Array(placeholder.utf8))
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[digits.upperBound...]))
    }
    return hash.finalize().map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
