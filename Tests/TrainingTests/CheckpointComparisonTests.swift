import Model
import Testing

@testable import Training

struct CheckpointComparisonTests {
  private static let run = SmallRun()
  private static func file() throws -> SafeTensorsFile { try SafeTensorsFile(bytes: run.serialized(), path: "c") }

  @Test
  func theSameNumbersInAnotherFileAreEqual() throws {
    var other = Self.run
    other.state.seconds = 17
    other.configuration.output = "elsewhere"
    let comparison = CheckpointComparison(
      try Self.file(), try SafeTensorsFile(bytes: other.serialized(), path: "d"))
    #expect(comparison.isEqual && comparison.differing.isEmpty)
    #expect(comparison.first.count == 64 && comparison.first == comparison.second)
  }

  @Test(arguments: ["current.encoder.0.conv.0.weight", "best.head.mnist.bias", Checkpoint.secondMoments])
  func oneBitOfOneTensorIsADifference(name: String) throws {
    var other = try Self.file()
    let place = try #require(other.tensors.firstIndex { $0.name == name })
    var values = try other.tensors[place].floats()
    values[0] = Float(bitPattern: values[0].bitPattern ^ 1)
    other.tensors[place] = .init(name: name, shape: other.tensors[place].shape, values: values)
    let comparison = CheckpointComparison(try Self.file(), other)
    #expect(!comparison.isEqual && comparison.differing == [name] && comparison.first != comparison.second)
  }

  @Test
  func zerosOfOtherSignDiffer() throws {
    func file(_ value: Float) -> SafeTensorsFile { .init(tensors: [.init(name: "a", shape: [1], values: [value])]) }
    #expect(!CheckpointComparison(file(0), file(-0.0)).isEqual)
    #expect(CheckpointComparison(file(.nan), file(.nan)).isEqual)
  }

  @Test
  func aMissingTensorIsADifference() throws {
    var other = try Self.file()
    let gone = other.tensors.removeLast().name
    #expect(CheckpointComparison(try Self.file(), other).differing == [gone])
    #expect(CheckpointComparison(other, try Self.file()).differing == [gone])
  }
}
