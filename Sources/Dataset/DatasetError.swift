/// What can go wrong with pictures outside of this program: files, names on the command line, the network.
/// `description` is one line that says what, where and what to do.
package enum DatasetError: Error, Equatable, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// A name or combination of options that cannot be (sysexits 64).
    case usage
    /// A file that is there and wrong (65).
    case badData
    /// A file or folder that was named and is not there (66).
    case inputMissing
    /// Reading, writing or the network failed (74).
    case inputOutput
  }

  /// `option` holds something it cannot; `reason` says what it may hold.
  case usage(option: String, reason: String)
  /// No file at `path`; `advice` says where it comes from or may be named.
  case missingFile(path: String, advice: String)
  /// The system refused to read or write `path`.
  case unreadable(path: String, reason: String)
  case unwritable(path: String, reason: String)
  /// No byte of content.
  case empty(path: String)
  /// The first four bytes, big-endian, are not those of unsigned-byte pictures (0x00000803).
  case wrongMagic(path: String, found: UInt32)
  /// Rows and columns that are too many, or that differ from the same source's other pictures.
  case wrongDimensions(path: String, rows: Int, columns: Int, reason: String)
  /// A header that promises more than this program reads.
  case absurdSize(path: String, count: Int, rows: Int, columns: Int)
  /// Fewer pictures than can be split and mixed.
  case tooFewPictures(path: String, found: Int, needed: Int)
  /// The content, uncompressed, ends before the header says.
  case truncated(path: String, expectedByteCount: Int, foundByteCount: Int)
  /// The content, uncompressed, goes on after the header says.
  case trailingBytes(path: String, expectedByteCount: Int)
  /// The compressed stream itself ends early.
  case truncatedGzip(path: String)
  /// The compressed stream contradicts itself; `reason` is zlib's text.
  case damagedGzip(path: String, reason: String)
  /// The uncompressed content is not the published one.
  case wrongDigest(path: String, expected: String, found: String)
  /// No mirror gave the file; one reason for each of them.
  case download(file: String, reasons: [String])
  /// Not a PNG picture this program can read; `reason` is libpng's text or a bound.
  case badPicture(path: String, reason: String)
  /// A failure inside zlib, libpng or libcurl that is nobody's data.
  case library(function: String, reason: String)

  package var category: Category {
    switch self {
    case .usage: .usage
    case .missingFile: .inputMissing
    case .unreadable, .unwritable, .download, .library: .inputOutput
    case .empty, .wrongMagic, .wrongDimensions, .absurdSize, .tooFewPictures, .truncated, .trailingBytes,
      .truncatedGzip, .damagedGzip, .wrongDigest, .badPicture:
      .badData
    }
  }
}

extension DatasetError: CustomStringConvertible {
  /// What to do with a file that is there and wrong, which a download leaves alone.
  private static var again: String { "move the file away and fetch it again" }

  package var description: String {
    switch self {
    case .usage(let option, let reason):
      "\(option): \(reason)"
    case .missingFile(let path, let advice):
      "\(path): no such file; \(advice)"
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason)"
    case .empty(let path):
      "\(path): the file is empty; \(Self.again)"
    case .wrongMagic(let path, let found):
      "\(path): not an IDX file of pictures: it begins with 0x\(hexadecimal(found)) instead of 0x00000803"
        + (found == 0x0000_0801 ? " (these are labels)" : "")
    case .wrongDimensions(let path, let rows, let columns, let reason):
      "\(path): pictures of \(rows)x\(columns): \(reason)"
    case .absurdSize(let path, let count, let rows, let columns):
      "\(path): \(count) pictures of \(rows)x\(columns) are promised, more than "
        + "\(IDXHeader.maximumByteCount >> 20) MiB; the file is damaged or not meant for this program"
    case .tooFewPictures(let path, let found, let needed):
      "\(path): holds \(found) pictures, at least \(needed) are needed"
    case .truncated(let path, let expected, let found):
      "\(path): truncated: \(found) of \(expected) bytes (uncompressed), "
        + "\(expected - found) missing; \(Self.again)"
    case .trailingBytes(let path, let expected):
      "\(path): goes on after the \(expected) bytes (uncompressed) that its header promises; \(Self.again)"
    case .truncatedGzip(let path):
      "\(path): truncated: the gzip stream has no end; \(Self.again)"
    case .damagedGzip(let path, let reason):
      "\(path): damaged gzip stream: \(reason); \(Self.again)"
    case .wrongDigest(let path, let expected, let found):
      "\(path): not the published content: SHA-256 (uncompressed) is \(found) instead of \(expected); "
        + Self.again
    case .download(let file, let reasons):
      "\(file): no mirror gave it: " + reasons.joined(separator: "; ")
    case .badPicture(let path, let reason):
      "\(path): not a readable PNG picture: \(reason)"
    case .library(let function, let reason):
      "\(function): \(reason)"
    }
  }
}

/// Eight lower-case hexadecimal digits.
private func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
