import Testing

@testable import Dataset

@Suite struct ProceduralTests {
  private static let data = ProceduralSources.make(seed: 1)

  @Test func setsHaveTheirSizesAndNames() {
    #expect(Self.data.names == ["mnist", "fashion"])
    #expect(Self.data.origin.description == "synthetic")
    #expect(Self.data.train.map(\.count) == [6_000, 6_000])
    #expect(Self.data.test.map(\.count) == [1_000, 1_000])
    for set in Self.data.train + Self.data.test { #expect(set.rows == 28 && set.columns == 28) }
  }

  /// The same pictures on every machine: only correctly rounded operations draw them.
  @Test func theSeedAloneDecidesThePictures() {
    #expect(Self.data.fingerprint == "59b2e424197ae3e90e0e019b264e381186665c1380c2b0a94efc3937dbdff991")
    #expect(
      ProceduralSources.make(seed: 2, trainCount: 20, testCount: 10).fingerprint
        != ProceduralSources.make(seed: 1, trainCount: 20, testCount: 10).fingerprint)
  }

  @Test func noPictureIsBlankFullOrDrawnTwice() {
    for set in Self.data.train + Self.data.test {
      var seen: Set<ArraySlice<UInt8>> = []
      for picture in 0..<set.count {
        let pixels = set.pixels[(picture * 784)..<((picture + 1) * 784)]
        let ink = pixels.reduce(0) { $0 + Int($1) }
        #expect(ink > 10 * 255 && ink < 600 * 255, "\(set.name) \(picture): \(ink)")
        seen.insert(pixels)
      }
      #expect(seen.count == set.count)
    }
  }

  /// Like the real sets: thin bright digits with room around them, garments that fill the picture.
  @Test func digitsAreSparseAndGarmentsAreNot() {
    func share(_ set: ImageSet) -> Double { Double(set.pixels.count { $0 > 25 }) / Double(set.pixels.count) }
    #expect((0.1...0.25).contains(share(Self.data.train[0])))
    #expect((0.3...0.6).contains(share(Self.data.train[1])))
    let corners = (0..<1_000).flatMap { picture in
      [0, 27, 756, 783].map { Self.data.test[0].pixels[picture * 784 + $0] }
    }
    #expect(corners.allSatisfy { $0 == 0 })
  }

  @Test func strokesAndOutlinesCoverTheirArea() {
    var canvas = Canvas()
    canvas.fill([Point(0.25, 0.25), Point(0.75, 0.25), Point(0.75, 0.75), Point(0.25, 0.75)]) { _ in 0.5 }
    // A square of 14x14 at half brightness.
    #expect(abs(canvas.values.reduce(0, +) - 98) < 1e-9)
    canvas.clear()
    canvas.fill([Point(0.1, 0.13), Point(0.9, 0.37), Point(0.35, 0.91)]) { _ in 1 }
    // A triangle: half the cross product of two sides, in pixels.
    let area = 0.5 * abs((0.8 * 0.78) - (0.25 * 0.24)) * 784
    #expect(abs(canvas.values.reduce(0, +) - area) < 0.01 * area)
    canvas.clear()
    canvas.stroke([Point(0.2, 0.5), Point(0.8, 0.5)], halfWidth: 1)
    let line = canvas.values.reduce(0, +)
    // 16.8 pixels long, two wide, with round ends.
    #expect(abs(line - (16.8 * 2 + 3.14)) < 1)
  }
}
