import TestSupport
import Testing

@testable import Model

struct SeparatorTests {
  /// A network of 8 channels with the predictions of a float64 forward pass.
  private let reference = try! SafeTensorsFile(contentsOf: Fixtures.tinyStep)

  @Test
  func predictionsAreThoseOfTheFloat64Reference() throws {
    let separator = try Separator(file: reference, prefix: "param.", precision: .f32, threads: 1)
    #expect(separator.configuration.heads == ["mnist", "fashion"])
    let (first, second) = try separator.separate(try reference.tensor("input").floats())
    for (head, found) in [("mnist", first), ("fashion", second)] {
      let expected = try reference.tensor("eval.\(head)").floats()
      try #require(found.count == expected.count && found.allSatisfy(\.isFinite))
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-5) }
    }
  }

  @Test
  func aPictureDoesNotDependOnTheOthers() throws {
    let separator = try Separator(file: reference, prefix: "param.", precision: .f32, threads: 1)
    let mixed = try reference.tensor("input").floats()
    let all = try separator.separate(mixed)
    let last = try separator.separate(Array(mixed.suffix(UNetConfiguration().pixelCount)))
    #expect(all.first.suffix(UNetConfiguration().pixelCount) == last.first[...])
    #expect(all.second.suffix(UNetConfiguration().pixelCount) == last.second[...])
    #expect(try separator.separate([]) == ([], []))
  }

  @Test
  func aFileThatIsNotThereIsNamed() {
    #expect(throws: SafeTensorsError.fileMissing(path: "/no/such/file.safetensors")) {
      try Separator(weights: "/no/such/file.safetensors")
    }
  }
}
