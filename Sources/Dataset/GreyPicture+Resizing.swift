extension GreyPicture {
  /// The picture made to fit a square of `side` pixels, its longer side becoming `side`, its proportions kept.
  ///
  /// Each new pixel is the mean of the area that it covers in the old picture, so nothing of a larger picture is skipped.
  package func resized(fitting side: Int) -> GreyPicture {
    precondition(side > 0, "a picture of \(side) pixels")
    let longest = max(width, height)
    func scaled(_ length: Int) -> Int { max(1, (length * side + longest / 2) / longest) }
    let (columns, rows) = (Self.parts(of: width, in: scaled(width)), Self.parts(of: height, in: scaled(height)))
    var result = [UInt8]()
    result.reserveCapacity(columns.count * rows.count)
    for row in rows {
      for column in columns {
        var (sum, area) = (0.0, 0.0)
        for (y, tall) in row {
          for (x, wide) in column {
            sum += tall * wide * Double(pixels[y * width + x])
            area += tall * wide
          }
        }
        result.append(UInt8((sum / area).rounded()))
      }
    }
    return GreyPicture(width: columns.count, height: rows.count, pixels: result)
  }

  /// For each of `count` equal parts of `length` pixels, the pixels that it covers and how much of each.
  private static func parts(of length: Int, in count: Int) -> [[(pixel: Int, share: Double)]] {
    (0..<count).map { part in
      let begin = Double(part) * Double(length) / Double(count)
      let end = Double(part + 1) * Double(length) / Double(count)
      return (Int(begin)..<min(length, Int(end.rounded(.up)))).compactMap { pixel in
        let share = min(end, Double(pixel + 1)) - max(begin, Double(pixel))
        return share > 1e-9 ? (pixel, share) : nil
      }
    }
  }
}
