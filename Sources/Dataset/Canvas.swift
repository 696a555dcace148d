/// A point of a drawing: x to the right, y down, 0...1 across the picture.
typealias Point = SIMD2<Double>

/// A small grey picture that strokes and filled outlines are drawn into, with soft edges.
///
/// Only additions, multiplications, divisions and square roots, which every machine rounds alike: the same
/// pictures everywhere.
struct Canvas {
  static let side = 28
  /// Rows of samples in a pixel row of a filled outline.
  private static let subrows = 4

  /// [side, side], 0...1.
  private(set) var values = [Double](repeating: 0, count: side * side)
  private var coverage = [Double](repeating: 0, count: side * side)

  mutating func clear() {
    for pixel in values.indices { values[pixel] = 0 }
  }

  /// Draws a line of `halfWidth` pixels on each side through `points`, at full brightness times `value`.
  mutating func stroke(_ points: [Point], halfWidth: Double, value: Double = 1) {
    let side = Double(Self.side)
    for (from, to) in zip(points, points.dropFirst()) {
      let (a, b) = (from * side, to * side)
      let direction = b - a
      let squaredLength = max((direction * direction).sum(), 1e-12)
      let reach = halfWidth + 0.5
      let low = pointwiseMin(a, b) - reach
      let high = pointwiseMax(a, b) + reach
      for row in Self.pixels(from: low.y, to: high.y) {
        for column in Self.pixels(from: low.x, to: high.x) {
          let offset = Point(Double(column) + 0.5, Double(row) + 0.5) - a
          let along = min(max((offset * direction).sum() / squaredLength, 0), 1)
          let across = offset - direction * along
          let distance = (across * across).sum().squareRoot()
          let amount = min(max(reach - distance, 0), 1) * value
          let pixel = row * Self.side + column
          values[pixel] = max(values[pixel], amount)
        }
      }
    }
  }

  /// Fills the closed outline (even-odd rule) over what is there; `shade` gives the value (clamped to 0...1) at
  /// a pixel's centre, 0...1 across the picture.
  mutating func fill(_ outline: [Point], shade: (Point) -> Double) {
    for pixel in coverage.indices { coverage[pixel] = 0 }
    let side = Double(Self.side)
    let weight = 1 / Double(Self.subrows)
    var crossings: [Double] = []
    for subrow in 0..<Self.side * Self.subrows {
      let y = (Double(subrow) + 0.5) * weight
      crossings.removeAll(keepingCapacity: true)
      var previous = outline[outline.count - 1] * side
      for corner in outline {
        let next = corner * side
        if (previous.y <= y) != (next.y <= y) {
          crossings.append(previous.x + (y - previous.y) / (next.y - previous.y) * (next.x - previous.x))
        }
        previous = next
      }
      crossings.sort()
      let row = subrow / Self.subrows * Self.side
      for pair in 0..<crossings.count / 2 {
        let (left, right) = (crossings[2 * pair], crossings[2 * pair + 1])
        for column in Self.pixels(from: left, to: right) {
          let covered = min(right, Double(column) + 1) - max(left, Double(column))
          coverage[row + column] += max(covered, 0) * weight
        }
      }
    }
    for row in 0..<Self.side {
      for column in 0..<Self.side where coverage[row * Self.side + column] > 0 {
        let pixel = row * Self.side + column
        let amount = min(coverage[pixel], 1)
        let centre = Point(Double(column) + 0.5, Double(row) + 0.5) / side
        values[pixel] += (min(max(shade(centre), 0), 1) - values[pixel]) * amount
      }
    }
  }

  /// Appends the picture as bytes.
  func append(to pixels: inout [UInt8]) {
    for value in values { pixels.append(UInt8(min(max(value, 0), 1) * 255 + 0.5)) }
  }

  /// The pixels that the interval touches, inside the picture.
  private static func pixels(from low: Double, to high: Double) -> Range<Int> {
    let first = min(max(Int(low.rounded(.down)), 0), side)
    return first..<max(first, min(Int(high.rounded(.up)), side))
  }
}
