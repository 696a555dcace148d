/// Pictures drawn from a seed, for a machine without data: digits of strokes for "mnist", silhouettes of
/// garments for "fashion". They show that the program learns; their numbers compare with nobody's.
enum ProceduralSources {
  static let trainCount = 6_000
  static let testCount = 1_000

  static func make(
    seed: UInt64, trainCount: Int = trainCount, testCount: Int = testCount
  ) -> SourceData {
    func set(_ name: String, _ count: Int, stream: UInt32, draw: Drawing) -> ImageSet {
      var generator = PhiloxGenerator(seed: seed, stream: stream, domain: Philox4x32.Domain.procedural)
      var canvas = Canvas()
      var pixels: [UInt8] = []
      pixels.reserveCapacity(count * Canvas.side * Canvas.side)
      for picture in 0..<count {
        canvas.clear()
        // Every kind equally often, as in the published sets.
        draw(picture % 10, &canvas, &generator)
        canvas.append(to: &pixels)
      }
      return ImageSet(name: name, count: count, rows: Canvas.side, columns: Canvas.side, pixels: pixels)
    }
    return SourceData(
      names: ["mnist", "fashion"], origin: .synthetic,
      train: [
        set("mnist", trainCount, stream: 0, draw: ProceduralDigits.draw),
        set("fashion", trainCount, stream: 1, draw: ProceduralGarments.draw),
      ],
      test: [
        set("mnist", testCount, stream: 2, draw: ProceduralDigits.draw),
        set("fashion", testCount, stream: 3, draw: ProceduralGarments.draw),
      ])
  }

  /// Draws one picture of `kind` (0 to 9) on a cleared canvas.
  private typealias Drawing = (_ kind: Int, _ canvas: inout Canvas, _ generator: inout PhiloxGenerator) -> Void
}

extension PhiloxGenerator {
  /// A number between the bounds, every one equally likely.
  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }
}
