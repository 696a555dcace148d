import Dataset
import Model
import Testing

@testable import Training

/// The pairs that a run keeps, their pictures and their file.
struct SampleSetTests {
  static func pair(_ number: Int, predicted: Float = 0.25) -> SeparatedPair {
    let picture = { (value: Float) in [Float](repeating: value, count: UNetConfiguration().pixelCount) }
    return SeparatedPair(
      number: number, mixed: picture(0.5), predicted: [picture(predicted), picture(1)], truth: [picture(0), picture(1)])
  }

  static let set = SampleSet(
    heads: ["mnist", "fashion"], data: "synthetic", step: 7, first: [pair(0)], worst: [pair(9)], best: [pair(4)])

  @Test
  func errorsAreThoseOfEachHead() {
    let pair = Self.pair(0)
    #expect(pair.errors == [0.0625, 0] && pair.meanError == 0.03125)
    #expect(pair.difference(head: 0).allSatisfy { $0 == 1 } && pair.difference(head: 1).allSatisfy { $0 == 0 })
    #expect(pair.row.map { $0.pixels[0] } == [128, 64, 255, 0, 255, 255, 0])
    #expect(
      GreyPicture(intensities: [.nan, -.infinity, .infinity] + Array(repeating: 2, count: 1021)).pixels[0...3] == [
        0, 0, 255, 255,
      ])
  }

  @Test
  func theFileReadsBack() throws {
    let bytes = try Self.set.file.serialized()
    let file = try SafeTensorsFile(bytes: bytes, path: "x")
    #expect(try SampleSet(file) == Self.set)
    #expect(try file.tensor("worst.mse.mnist").doubles() == [0.0625])
    #expect(try file.tensor("worst.number").integers() == [9])
    // A whole set stays below half a MiB.
    let whole = SampleSet(
      heads: ["a", "b"], data: "d", step: 1, first: (0..<SampleSet.firstCount).map { Self.pair($0) },
      worst: (0..<SampleSet.extremeCount).map { Self.pair($0) },
      best: (0..<SampleSet.extremeCount).map { Self.pair($0) })
    #expect(try whole.file.serialized().count < 1 << 19)
  }

  @Test
  func aRunWithoutEvaluationHasTheFirstPairsAlone() throws {
    var set = Self.set
    (set.worst, set.best) = ([], [])
    let file = set.file
    #expect(file["worst.mixed"] == nil)
    #expect(try SampleSet(file) == set)
  }

  @Test
  func damagedFilesAreNamed() throws {
    var file = Self.set.file
    file.tensors.removeAll { $0.name == "first.true.fashion" }
    #expect(throws: SafeTensorsError.missingTensor(path: "(memory)", tensor: "first.true.fashion")) {
      try SampleSet(file)
    }
    // Pictures and numbers that do not fit together.
    for (name, shape) in [("first.number", []), ("first.number", [1, 2]), ("first.mixed", [2, 0, 0])]
      as [(String, [Int])]
    {
      file = Self.set.file
      file.tensors.removeAll { $0.name == name }
      let count = shape.reduce(1, *)
      file.tensors.append(
        name == "first.number"
          ? .init(name: name, shape: shape, values: [Int64](repeating: 0, count: count))
          : .init(name: name, shape: shape, values: [Float](repeating: 0, count: count)))
      #expect(throws: SafeTensorsError.self) { try SampleSet(file) }
    }
    file = Self.set.file
    file.metadata["heads"] = "one"
    #expect(throws: ReportError.damaged(path: "(memory)", problem: "the metadata names no two heads")) {
      try SampleSet(file)
    }
    file = Self.set.file
    file.tensors.removeAll { $0.name == "best.mixed" }
    file.tensors.append(.init(name: "best.mixed", shape: [2, 512], values: [Float](repeating: 0, count: 1024)))
    #expect(throws: SafeTensorsError.self) { try SampleSet(file) }
  }

  @Test
  func extremesAreTheLargestAndSmallestErrors() {
    let extremes = SampleSet.extremes(of: [3, 1, 4, 1, 5, 9], count: 2)
    #expect(extremes.worst == [5, 4] && extremes.best == [1, 3])
    let few = SampleSet.extremes(of: [2, 1, 3], count: 4)
    #expect(few.worst == [2] && few.best == [1])
    let none = SampleSet.extremes(of: [1], count: 4)
    #expect(none.worst.isEmpty && none.best.isEmpty)
  }

  @Test
  func aGridShowsEachPictureWithItsMargin() {
    let white = GreyPicture(width: 2, height: 1, pixels: [255, 0])
    let grid = PictureGrid(rows: [[white, white], [white, white]]).picture
    #expect(grid.width == 4 + 2 * (4 + 4) && grid.height == 4 + 2 * (2 + 4))
    #expect(
      Array(grid.pixels[(4 * 20)..<(5 * 20)]) == [
        96, 96, 96, 96, 255, 255, 0, 0, 96, 96, 96, 96, 255, 255, 0, 0, 96, 96, 96, 96,
      ])
    #expect(grid.pixels[..<80].allSatisfy { $0 == 96 })
  }
}
