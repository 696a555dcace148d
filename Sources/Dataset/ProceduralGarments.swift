/// Silhouettes of ten kinds of garments: shirt, trousers, pullover, dress, coat, sandal, blouse, sneaker, bag,
/// boot; as large as the picture, with folds, patterns and shading.
enum ProceduralGarments {
  static func draw(kind: Int, on canvas: inout Canvas, from generator: inout PhiloxGenerator) {
    let fit = Fit(from: &generator)
    let fabric = Fabric(from: &generator)
    func shape(_ outline: [Point], _ factor: Double = 1) {
      canvas.fill(outline.map(fit.apply)) { fabric.value(at: $0) * factor }
    }
    func line(_ points: [Point], _ value: Double, halfWidth: Double = 0.55) {
      canvas.stroke(points.map(fit.apply), halfWidth: halfWidth, value: value)
    }
    let length = generator.uniform(-0.05...0.02)
    switch kind {
    case 0:
      let sleeve = generator.uniform(-0.06...0.06)
      shape(
        mirrored([
          (0, 0.11), (0.1, 0.05), (0.28, 0.1), (0.49, 0.33 + sleeve), (0.38, 0.44 + sleeve), (0.28, 0.31),
          (0.28, 0.95 + length), (0, 0.97 + length),
        ]))
      if generator.uniform() < 0.4 { shape(box(0.38, 0.3, 0.62, 0.3 + generator.uniform(0.1...0.3)), 0.6) }
    case 1:
      let leg = generator.uniform(0.0...0.04)
      shape(
        mirrored([
          (0, 0.03), (0.17, 0.03), (0.2 + leg, 0.4), (0.19 + leg, 0.98), (0.07 + leg, 0.98), (0.025, 0.36), (0, 0.3),
        ]))
    case 2:
      shape(
        mirrored([
          (0, 0.09), (0.1, 0.05), (0.27, 0.11), (0.4, 0.45), (0.46, 0.88), (0.35, 0.92), (0.28, 0.42),
          (0.27, 0.92 + length), (0, 0.93 + length),
        ]))
    case 3:
      let flare = generator.uniform(0.0...0.12)
      shape(
        mirrored([
          (0, 0.12), (0.06, 0.02), (0.13, 0.02), (0.16, 0.2), (0.12, 0.38), (0.17 + flare, 0.96 + length),
          (0, 0.98 + length),
        ]))
    case 4:
      shape(
        mirrored([
          (0, 0.06), (0.12, 0.03), (0.28, 0.1), (0.41, 0.5), (0.45, 0.93), (0.34, 0.95), (0.29, 0.45), (0.3, 0.97),
          (0, 0.98),
        ]))
      shape([Point(0.485, 0.1), Point(0.515, 0.1), Point(0.515, 0.98), Point(0.485, 0.98)], 0.35)
      shape([Point(0.39, 0.04), Point(0.5, 0.3), Point(0.61, 0.04), Point(0.5, 0.1)], 0.5)
    case 5:
      shape(
        [
          (0.02, 0.66), (0.3, 0.64), (0.62, 0.56), (0.98, 0.38), (0.98, 0.62), (0.9, 0.64), (0.86, 0.52),
          (0.6, 0.72), (0.02, 0.73),
        ].map { Point($0.0, $0.1) })
      let value = generator.uniform(0.5...0.95)
      line([Point(0.14, 0.66), Point(0.28, 0.48), Point(0.44, 0.62)], value, halfWidth: 0.8)
      line([Point(0.62, 0.56), Point(0.7, 0.34), Point(0.92, 0.3), Point(0.96, 0.4)], value, halfWidth: 0.8)
    case 6:
      shape(
        mirrored([
          (0, 0.13), (0.08, 0.03), (0.25, 0.08), (0.42, 0.62), (0.32, 0.66), (0.26, 0.38), (0.25, 0.95 + length),
          (0, 0.96 + length),
        ]))
      for button in 0..<5 {
        line([Point(0.5, 0.24 + 0.15 * Double(button)), Point(0.5, 0.26 + 0.15 * Double(button))], 1)
      }
    case 7:
      let ankle = generator.uniform(0.3...0.4)
      shape(
        [
          (0.02, 0.62), (0.1, 0.54), (0.34, 0.5), (0.58, ankle + 0.02), (0.68, ankle), (0.72, ankle + 0.07),
          (0.86, ankle + 0.06), (0.94, ankle - 0.03), (0.98, 0.66), (0.02, 0.68),
        ].map { Point($0.0, $0.1) })
      shape(box(0.01, 0.65, 0.99, 0.73), generator.uniform(0.4...1.6))
      for lace in 0..<3 {
        let x = 0.4 + 0.09 * Double(lace)
        line([Point(x, 0.5 - 0.05 * Double(lace)), Point(x + 0.04, 0.58)], 0.95, halfWidth: 0.4)
      }
    case 8:
      let top = generator.uniform(0.3...0.45)
      line(
        [Point(0.25, top), Point(0.3, top - 0.2), Point(0.42, top - 0.28), Point(0.58, top - 0.28)]
          + [Point(0.7, top - 0.2), Point(0.75, top)], generator.uniform(0.5...0.9), halfWidth: 0.9)
      shape([Point(0.08, top), Point(0.92, top), Point(0.97, 0.92), Point(0.03, 0.92)])
      shape([Point(0.08, top), Point(0.92, top), Point(0.8, top + 0.2), Point(0.2, top + 0.2)], 0.75)
    default:
      let shaft = generator.uniform(0.04...0.2)
      shape(
        [
          (0.03, 0.8), (0.08, 0.7), (0.3, 0.62), (0.46, 0.5), (0.5, shaft), (0.9, shaft), (0.93, 0.55), (0.96, 0.82),
          (0.03, 0.84),
        ].map { Point($0.0, $0.1) })
      shape(
        [
          Point(0.02, 0.83), Point(0.97, 0.81), Point(0.97, 0.94), Point(0.78, 0.94), Point(0.74, 0.88),
          Point(0.02, 0.9),
        ], 0.55)
    }
  }

  /// The small differences of size and place between pictures of one kind.
  private struct Fit {
    private let scale: Point
    private let shift: Point
    private let slant: Double

    init(from generator: inout PhiloxGenerator) {
      scale = Point(generator.uniform(0.84...1.02), generator.uniform(0.9...1.0))
      shift = Point(generator.uniform(-0.02...0.02), generator.uniform(-0.02...0.02))
      slant = generator.uniform(-0.04...0.04)
    }

    func apply(_ point: Point) -> Point {
      let centred = (point - 0.5) * scale
      return Point(centred.x + slant * centred.y, centred.y) + 0.5 + shift
    }
  }

  /// Brightness, a soft gradient, folds and one of four patterns.
  private struct Fabric {
    private let brightness: Double
    private let gradient: Point
    private let folds: Double
    private let foldWidth: Double
    private let pattern: Int
    private let period: Double
    private let contrast: Double

    init(from generator: inout PhiloxGenerator) {
      brightness = generator.uniform(0.35...0.95)
      gradient = Point(generator.uniform(-0.25...0.25), generator.uniform(-0.25...0.25))
      folds = generator.uniform(0.0...0.14)
      foldWidth = generator.uniform(0.12...0.3)
      pattern = generator.uniform(below: 7)
      period = generator.uniform(0.11...0.24)
      contrast = generator.uniform(0.15...0.6)
    }

    func value(at point: Point) -> Double {
      let fold = folds * (wave(point.x + 0.2 * point.y, foldWidth) - 0.5)
      let soft = brightness * (1 + (gradient * (point - 0.5)).sum()) + fold
      return soft * (1 - contrast * mark(at: point))
    }

    /// How much of the pattern's dark part lies at a point, 0...1; most fabrics are plain.
    private func mark(at point: Point) -> Double {
      switch pattern {
      case 0: wave(point.y, period) > 0.5 ? 1 : 0
      case 1: wave(point.x, period) > 0.5 ? 1 : 0
      case 2: (wave(point.x, period) > 0.5) != (wave(point.y, period) > 0.5) ? 1 : 0
      default: 0
      }
    }

    /// A triangle wave, 0...1.
    private func wave(_ x: Double, _ period: Double) -> Double {
      let phase = x / period
      return abs(2 * (phase - phase.rounded(.down)) - 1)
    }
  }

  /// A closed outline from its right half: (distance from the middle, height), from the top to the bottom.
  private static func mirrored(_ half: [(Double, Double)]) -> [Point] {
    half.map { Point(0.5 + $0.0, $0.1) } + half.reversed().map { Point(0.5 - $0.0, $0.1) }
  }

  private static func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> [Point] {
    [Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)]
  }
}
