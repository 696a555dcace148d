/// The sixteen bytes before the pictures of an IDX file: magic number, count, rows, columns, big-endian.
struct IDXHeader: Equatable {
  static let byteCount = 16
  /// Two zeros, 0x08 for unsigned bytes, 0x03 for three axes.
  static let magic: UInt32 = 0x0000_0803
  /// More pixels than this in one file are taken for damage: 2 GiB, two million pictures of 32x32.
  static let maximumByteCount = 1 << 31

  let count: Int
  let rows: Int
  let columns: Int

  var pixelByteCount: Int { count * rows * columns }

  /// Reads the header in `bytes`, of which `path` is the name in errors. Throws `empty`, `truncated`,
  /// `wrongMagic`, `wrongDimensions` or `absurdSize`; a header that came through cannot overflow.
  init(_ bytes: some Collection<UInt8>, path: String) throws(DatasetError) {
    guard !bytes.isEmpty else { throw .empty(path: path) }
    let words = stride(from: 0, to: Self.byteCount, by: 4).map { offset in
      bytes.dropFirst(offset).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    guard bytes.count < 4 || words[0] == Self.magic else { throw .wrongMagic(path: path, found: words[0]) }
    guard bytes.count >= Self.byteCount else {
      throw .truncated(path: path, expectedByteCount: Self.byteCount, foundByteCount: bytes.count)
    }
    count = Int(words[1])
    rows = Int(words[2])
    columns = Int(words[3])
    let sides = 1...ImageSet.maximumSide
    guard sides.contains(rows), sides.contains(columns) else {
      throw .wrongDimensions(
        path: path, rows: rows, columns: columns, reason: "sides of 1 to \(ImageSet.maximumSide) can be used")
    }
    guard count <= Self.maximumByteCount / (rows * columns) else {
      throw .absurdSize(path: path, count: count, rows: rows, columns: columns)
    }
    guard count > 0 else { throw .tooFewPictures(path: path, found: 0, needed: 1) }
  }
}
