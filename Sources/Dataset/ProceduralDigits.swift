/// Handwritten-looking digits: strokes along a skeleton that is bent, slanted, turned and scaled at random.
enum ProceduralDigits {
  static func draw(digit: Int, on canvas: inout Canvas, from generator: inout PhiloxGenerator) {
    let warp = Warp(from: &generator)
    let halfWidth = generator.uniform(0.85...1.75)
    for line in skeleton(of: digit, from: &generator) {
      let points = line.map { point in
        warp.apply(point + Point(generator.uniform(-0.02...0.02), generator.uniform(-0.02...0.02)))
      }
      canvas.stroke(points, halfWidth: halfWidth)
    }
  }

  /// From the unit box of a skeleton to the picture, where digits fill about twenty pixels in the middle.
  private struct Warp {
    private let width: Double
    private let height: Double
    private let slant: Double
    private let bend: Double
    private let cosine: Double
    private let sine: Double
    private let shift: Point

    init(from generator: inout PhiloxGenerator) {
      height = generator.uniform(0.58...0.7)
      width = height * generator.uniform(0.62...1.0)
      slant = generator.uniform(-0.35...0.12)
      bend = generator.uniform(-0.35...0.35)
      let tangent = generator.uniform(-0.2...0.2)
      cosine = 1 / (1 + tangent * tangent).squareRoot()
      sine = tangent * cosine
      shift = Point(generator.uniform(-0.03...0.03), generator.uniform(-0.03...0.03))
    }

    func apply(_ point: Point) -> Point {
      let y = point.y - 0.5
      let x = point.x - 0.5 + bend * (y * y - 0.1)
      let scaled = Point(x * width + slant * y * height, y * height)
      return Point(scaled.x * cosine - scaled.y * sine, scaled.x * sine + scaled.y * cosine) + 0.5 + shift
    }
  }

  /// The lines of a digit in the unit box.
  private static func skeleton(of digit: Int, from generator: inout PhiloxGenerator) -> [[Point]] {
    let isFancy = generator.uniform() < 0.35
    switch digit {
    case 0: return [arc(0.5, 0.5, 0.33, 0.46, 12...28)]
    case 1:
      let stem = [Point(0.5, 0.04), Point(0.5, 0.96)]
      return isFancy ? [[Point(0.3, 0.24)] + stem] : [stem]
    case 2: return [arc(0.48, 0.29, 0.31, 0.25, 8...18) + [Point(0.17, 0.93), Point(0.86, 0.92)]]
    case 3: return [arc(0.46, 0.27, 0.28, 0.23, 9...20) + arc(0.46, 0.72, 0.33, 0.24, 12...23)]
    case 4:
      return [
        [Point(isFancy ? 0.45 : 0.28, 0.05), Point(0.15, 0.56), Point(0.85, 0.54)],
        [Point(0.68, isFancy ? 0.05 : 0.2), Point(0.64, 0.97)],
      ]
    case 5:
      return [[Point(0.8, 0.05), Point(0.3, 0.06), Point(0.24, 0.46)] + arc(0.46, 0.68, 0.33, 0.27, 11...22)]
    case 6:
      return [
        [Point(0.7, 0.04), Point(0.46, 0.2), Point(0.29, 0.43)] + arc(0.5, 0.71, 0.28, 0.25, 8...24)
      ]
    case 7:
      let line = [Point(0.14, 0.1), Point(0.83, 0.07), Point(0.56, 0.5), Point(0.4, 0.97)]
      return isFancy ? [line, [Point(0.32, 0.52), Point(0.76, 0.48)]] : [line]
    case 8: return [arc(0.5, 0.27, 0.25, 0.23, 4...20), arc(0.5, 0.73, 0.3, 0.24, 12...28)]
    default:
      return [arc(0.48, 0.3, 0.28, 0.25, 0...16) + [Point(0.74, 0.55), Point(isFancy ? 0.5 : 0.68, 0.97)]]
    }
  }

  /// Points of an ellipse, one each sixteenth of a turn: 0 is right, 4 below, 8 left, 12 above.
  private static func arc(
    _ x: Double, _ y: Double, _ radiusX: Double, _ radiusY: Double, _ sixteenths: ClosedRange<Int>
  ) -> [Point] {
    sixteenths.map { step in
      Point(x, y) + Point(radiusX, radiusY) * Point(circle[(step + 4) % 16], circle[step % 16])
    }
  }

  /// Sines of sixteenths of a turn, written out because libraries round them differently.
  private static let circle: [Double] = {
    let (small, middle, large) = (0.3826834323650898, 0.7071067811865476, 0.9238795325112867)
    let half = [0, small, middle, large, 1, large, middle, small]
    return half + half.map { -$0 }
  }()
}
