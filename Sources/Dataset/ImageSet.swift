/// Grey pictures of one size, as bytes.
package struct ImageSet: Sendable, Equatable {
  /// The longest side that pictures may have.
  package static let maximumSide = 128

  package let name: String
  package let count: Int
  /// 1 to `maximumSide`.
  package let rows: Int
  /// 1 to `maximumSide`.
  package let columns: Int
  /// [count, rows, columns], 0 is black; not padded, not scaled.
  package let pixels: [UInt8]

  /// Traps unless the sizes are in range and `pixels` holds exactly count * rows * columns bytes.
  package init(name: String, count: Int, rows: Int, columns: Int, pixels: [UInt8]) {
    precondition(count >= 0, "a set of \(count) pictures")
    precondition(
      (1...Self.maximumSide).contains(rows) && (1...Self.maximumSide).contains(columns),
      "pictures of \(rows)x\(columns), more than \(Self.maximumSide)x\(Self.maximumSide)")
    precondition(
      pixels.count == count * rows * columns,
      "\(count) pictures of \(rows)x\(columns) need \(count * rows * columns) bytes, not \(pixels.count)")
    self.name = name
    self.count = count
    self.rows = rows
    self.columns = columns
    self.pixels = pixels
  }
}
