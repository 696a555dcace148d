import Model
import TestSupport
import Testing

@testable import Training

struct ReferenceStepTests {
  @Test(arguments: Fixtures.references)
  func oracleReproducesEveryTensorOfAnIndependentReference(_ path: String) throws {
    let file = try ReferenceStep(contentsOf: path)
    let computed = ReferenceStep(
      computedFor: file.configuration, weights: file.weights, input: file.input, targets: file.targets,
      precision: nil, steps: 3, keepingWeights: true)
    #expect(Set(computed.tensors.keys) == Set(file.tensors.keys))
    for (name, expected) in file.tensors {
      let found = try #require(computed.tensors[name])
      #expect(found.shape == expected.shape && found.values.count == expected.values.count, "\(name)")
      var (squares, norm) = (0.0, 0.0)
      for (a, b) in zip(found.values, expected.values) {
        squares += (a - b) * (a - b)
        norm += b * b
      }
      // The file is rounded to f32; a normalised bias's gradient is 0 here and rounding noise there.
      #expect(squares.squareRoot() <= 2e-7 * norm.squareRoot() + 1e-13, "\(name)")
    }
  }

  @Test func computedReferenceIsCompleteAndSurvivesTheFile() throws {
    let fixture = try ReferenceStep(contentsOf: Fixtures.tinyStep)
    for (blocks, heads) in [(1, ["a", "b"]), (3, ["fashion", "mnist"])] {
      let configuration = UNetConfiguration(baseChannels: 2, blocks: blocks, convolutionsPerBlock: 1, heads: heads)
      let weights = ParameterLayout(configuration).tensors.flatMap { tensor in
        tensor.range.map { i in
          tensor.role == .gamma || tensor.role == .movingVariance ? 1 : Float((i * 37) % 41 - 15) * 0.02
        }
      }
      let reference = ReferenceStep(
        computedFor: configuration, weights: weights, input: fixture.input, targets: fixture.targets,
        precision: nil, steps: 3)
      let comparison = StepComparison(reference: reference, precision: .f32)
      #expect(comparison.compare(reference.measured).failures == [])
      #expect(Set(comparison.tensors.map(\.name)).isSubset(of: reference.tensors.keys))

      let bytes = try reference.file().serialized()
      let read = try ReferenceStep(SafeTensorsFile(bytes: bytes, path: "reference"))
      #expect(read.configuration == configuration && read.weights == reference.weights)
      #expect(StepComparison(reference: read, precision: .f32).compare(reference.measured).passed)
    }
  }

  @Test func everyTensorThatTheStepStartsFromIsNamedWhenItIsBad() throws {
    let reference = try ReferenceStep(contentsOf: Fixtures.tinyStep)
    let starts = reference.tensors.keys.filter {
      $0 == "input" || $0.hasPrefix("target.") || $0.hasPrefix("param.")
    }
    #expect(starts.count == 3 + reference.layout.tensors.count)
    for name in starts.sorted() {
      var (missing, broken, reshaped) = (reference, reference, reference)
      missing.tensors[name] = nil
      broken.tensors[name]!.values[0] = .nan
      reshaped.tensors[name]!.shape.append(1)
      for bad in [missing, broken, reshaped] {
        let error = try #require(throws: SafeTensorsError.self) { try ReferenceStep(bad.file()) }
        #expect(error.description.contains(name), "\(error)")
      }
    }
  }
}
