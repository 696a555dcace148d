package import Dataset
package import Model

/// Rows of mixed | predicted first | predicted second | true first | true second for the first pairs of `generator`: each
/// picture 64x64 (every pixel four times) with a margin, black 0 and white 1, clamped. Local.
package func samplesPicture(predictor: Predictor, generator: MixingGenerator, rows: Int) throws -> GreyPicture {
  precondition(rows >= 1, "a picture of \(rows) rows")
  let (side, pixels) = (UNetConfiguration.imageSize, UNetConfiguration.pixelCount)
  var mixed = [Float](repeating: 0, count: rows * pixels)
  var targets = [Float](repeating: 0, count: 2 * rows * pixels)
  var predictions = targets
  unsafe mixed.withUnsafeMutableBufferPointer { mixed in
    unsafe targets.withUnsafeMutableBufferPointer { targets in
      unsafe generator.fill(step: 0, pairs: 0..<rows, mixed: mixed, targets: targets)
    }
  }
  try unsafe mixed.withUnsafeBufferPointer { mixed in
    try unsafe predictions.withUnsafeMutableBufferPointer { try unsafe predictor.predict(mixed: mixed, into: $0) }
  }

  let (scale, margin) = (2, 4)
  let cell = side * scale + margin
  let (width, height) = (5 * cell + margin, rows * cell + margin)
  var picture = GreyPicture(width: width, height: height, pixels: [UInt8](repeating: 96, count: width * height))
  for row in 0..<rows {
    let second = (rows + row) * pixels
    let columns = [
      (mixed, row * pixels), (predictions, row * pixels), (predictions, second), (targets, row * pixels),
      (targets, second),
    ]
    for (column, (values, begin)) in columns.enumerated() {
      let (top, left) = (margin + row * cell, margin + column * cell)
      for y in 0..<side * scale {
        for x in 0..<side * scale {
          let value = values[begin + y / scale * side + x / scale]
          picture.pixels[(top + y) * width + left + x] = UInt8((min(max(value, 0), 1) * 255).rounded())
        }
      }
    }
  }
  return picture
}
