package import Dataset

/// Pictures of one size in rows and columns.
package struct PictureGrid {
  private let rows: [[GreyPicture]]

  /// Pixels of the grid for each pixel of a picture, along a side.
  static let scale = 2
  /// Pixels around every picture.
  static let margin = 4
  /// The grey between pictures.
  static let ground: UInt8 = 96

  /// Traps unless all rows have equally many pictures, all of one size.
  package init(rows: [[GreyPicture]]) {
    precondition(rows.first?.isEmpty == false, "a grid of no pictures")
    for row in rows {
      precondition(row.count == rows[0].count, "a row of \(row.count) pictures under one of \(rows[0].count)")
      for picture in row {
        precondition(
          picture.width == rows[0][0].width && picture.height == rows[0][0].height,
          "\(picture.width)x\(picture.height) pixels beside \(rows[0][0].width)x\(rows[0][0].height)")
      }
    }
    self.rows = rows
  }

  /// The most rows of `columns` pictures of `side` x `side` pixels that one picture can show.
  package static func mostRows(columns: Int, side: Int) -> Int {
    let (cell, width) = (side * scale + margin, columns * (side * scale + margin) + margin)
    let height = min(GreyPicture.maximumSide, GreyPicture.maximumPixelCount / width)
    return (height - margin) / cell
  }

  /// All of them in one picture.
  package var picture: GreyPicture {
    let (cellWidth, cellHeight) = (
      rows[0][0].width * Self.scale + Self.margin, rows[0][0].height * Self.scale + Self.margin
    )
    let (width, height) = (rows[0].count * cellWidth + Self.margin, rows.count * cellHeight + Self.margin)
    var grid = GreyPicture(
      width: width, height: height, pixels: [UInt8](repeating: Self.ground, count: width * height))
    for (row, pictures) in rows.enumerated() {
      for (column, picture) in pictures.enumerated() {
        let (top, left) = (Self.margin + row * cellHeight, Self.margin + column * cellWidth)
        for y in 0..<picture.height * Self.scale {
          for x in 0..<picture.width * Self.scale {
            grid.pixels[(top + y) * width + left + x] = picture.pixels[y / Self.scale * picture.width + x / Self.scale]
          }
        }
      }
    }
    return grid
  }
}
