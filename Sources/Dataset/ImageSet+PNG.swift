extension ImageSet {
  /// Pictures between two calls of what `init(pngsIn:)` was given.
  private static let batch = 100

  /// Reads all PNG files below `folder`, in the order of their names, as grey pictures; all have one size. `afterEachBatch` is called
  /// now and then, and may throw.
  ///
  /// Throws `tooFewPictures`, `wrongDimensions` for the first of another size than the first one's, `absurdSize`, and what
  /// `GreyPicture(contentsOf:)` throws.
  package init(pngsIn folder: String, name: String, afterEachBatch: () throws -> Void = {}) throws {
    let paths = try FileSystem.files(below: folder, suffix: ".png")
    var (pixels, rows, columns) = ([UInt8](), 0, 0)
    for (number, path) in paths.enumerated() {
      let picture = try GreyPicture(contentsOf: path)
      if number == 0 {
        (rows, columns) = (picture.height, picture.width)
        guard max(rows, columns) <= Self.maximumSide else {
          throw DatasetError.wrongDimensions(
            path: path, rows: rows, columns: columns, reason: "sides of 1 to \(Self.maximumSide) can be used")
        }
        guard paths.count <= IDXHeader.maximumByteCount / (rows * columns) else {
          throw DatasetError.absurdSize(path: folder, count: paths.count, rows: rows, columns: columns)
        }
        pixels.reserveCapacity(paths.count * rows * columns)
      }
      guard picture.height == rows, picture.width == columns else {
        throw DatasetError.wrongDimensions(
          path: path, rows: picture.height, columns: picture.width,
          reason: "\(paths[0]) is \(rows)x\(columns), and all of a source have one size")
      }
      pixels += picture.pixels
      if number % Self.batch == Self.batch - 1 { try afterEachBatch() }
    }
    guard !paths.isEmpty else { throw DatasetError.tooFewPictures(path: folder, found: 0, needed: 1) }
    self.init(name: name, count: paths.count, rows: rows, columns: columns, pixels: pixels)
  }
}
