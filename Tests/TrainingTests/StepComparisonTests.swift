import Foundation
import Model
import Testing

@testable import Training

struct StepComparisonTests {
  @Test(arguments: ReferenceFiles.all, Precision.allCases)
  func referenceAgreesWithItself(_ path: String, _ precision: Precision) throws {
    let reference = try ReferenceStep(contentsOf: path)
    let verdict = StepComparison(reference: reference, precision: precision).compare(reference.measured)
    #expect(verdict.passed && verdict.failures == [])
    #expect(verdict.worst.relativeError! < 1e-6)
    // Everything but what the step starts from.
    #expect(verdict.tensors == reference.tensors.count - 3 - reference.layout.tensors.count)
  }

  /// The ways to damage one tensor of a reference that a comparison must see.
  private func damaged(
    _ original: ReferenceStep.Tensor, _ tensor: ComparedTensor, _ precision: Precision, reference: ReferenceStep
  ) -> [(what: String, tensor: ReferenceStep.Tensor?)] {
    let tolerance = StepTolerance.of(tensor, in: reference, precision: precision)
    var result: [(what: String, tensor: ReferenceStep.Tensor?)] = [("missing", nil)]
    func add(_ what: String, _ change: (inout ReferenceStep.Tensor) -> Void) {
      var changed = original
      change(&changed)
      result.append((what, changed))
    }
    let last = original.values.count - 1
    add("NaN") { $0.values[last] = .nan }
    add("infinite") { $0.values[0] = -.infinity }
    add("transposed") { $0.shape.append(1) }
    add("short") { $0.values.removeLast() }
    if let bound = tolerance.maximum ?? tolerance.movement { add("one element moved") { $0.values[last] += 3 * bound } }
    if let bound = tolerance.relative {
      // Measured against the moved tensor, three tolerances are 3 / (1 + 3 bound) of them.
      add("scaled") { for i in $0.values.indices { $0.values[i] *= 1 + 3 * bound } }
    }
    return result
  }

  @Test(arguments: ReferenceFiles.all, Precision.allCases)
  func anyOneTensorMovedByThreeTolerancesMissingOrNaNFailsAndIsNamed(_ path: String, _ precision: Precision) throws {
    let reference = try ReferenceStep(contentsOf: path)
    let measured = reference.measured
    let whole = StepComparison(reference: reference, precision: precision)
    #expect(whole.tensors.count > 100)
    for tensor in whole.tensors {
      let original = reference.tensors[tensor.name]!
      for (what, replacement) in damaged(original, tensor, precision, reference: reference) {
        var bad = reference
        bad.tensors[tensor.name] = replacement
        let comparison = StepComparison(reference: bad, precision: precision)
        #expect(comparison.tensors.contains(tensor))
        #expect(comparison.compare(tensor, measured[tensor.name]).problem != nil, "\(tensor.name) \(what)")
        // The whole verdict on 38 MB takes a tenth of a second, too much for thousands of them.
        guard path == ReferenceFiles.fixture else { continue }
        let verdict = comparison.compare(measured)
        #expect(!verdict.passed && verdict.failures.map(\.name) == [tensor.name], "\(tensor.name) \(what)")
        #expect(verdict.worst.name == tensor.name, "\(tensor.name) \(what)")
      }
    }
  }

  @Test func anyOneMeasuredTensorMissingNaNOrOfTheWrongSizeFailsAndIsNamed() throws {
    let reference = try ReferenceStep(contentsOf: ReferenceFiles.fixture)
    let comparison = StepComparison(reference: reference, precision: .f32)
    let measured = reference.measured
    for tensor in comparison.tensors {
      let values = measured[tensor.name]!
      for replacement in [nil, [], values.dropLast(), [.nan] + values.dropFirst(), values.dropLast() + [.infinity]] {
        var bad = measured
        bad[tensor.name] = replacement.map(Array.init)
        let verdict = comparison.compare(bad)
        #expect(!verdict.passed && verdict.failures.map(\.name) == [tensor.name])
        #expect(verdict.worst == StepVerdict.Worst(name: tensor.name, relativeError: nil))
      }
    }
  }

  @Test func errorWithinTheToleranceBecomesTheWorstButPasses() throws {
    let reference = try ReferenceStep(contentsOf: ReferenceFiles.fixture)
    var measured = reference.measured
    measured["grad.decoder.0.up.weight"] = measured["grad.decoder.0.up.weight"]!.map { $0 * (1 + 2e-5) }
    let verdict = StepComparison(reference: reference, precision: .f32).compare(measured)
    #expect(verdict.passed && verdict.worst.name == "grad.decoder.0.up.weight")
    #expect(abs(verdict.worst.relativeError! - 2e-5) < 1e-7)
  }

  @Test func deadTensorTakesItsRelativeToleranceAsAnAbsoluteOne() {
    let tolerance = StepTolerance.of(.gradient, precision: .f32).meaningful(reference: [0, 0], before: nil)
    #expect(tolerance == StepTolerance(maximum: 3e-5))
  }

  @Test func weightsMadeOfAdamsStepsAloneAreHeldToTheMaximum() {
    let table = StepTolerance.of(.smallAfterThree, precision: .f32)
    #expect(table.meaningful(reference: [1e-3, 2e-3], before: [0, 0]) == StepTolerance(maximum: 5e-4))
    #expect(table.meaningful(reference: [0.1, 0.2], before: [0.1, 0.2]) == table)
  }

  @Test func onlyArbitraryWeightsWidenTheTableAndInF32OnlyForLaterSteps() throws {
    let file = try ReferenceStep(contentsOf: ReferenceFiles.fixture)
    let computed = ReferenceStep(
      computedFor: file.configuration, weights: file.weights, input: file.input, targets: file.targets,
      keepingWeights: true)
    #expect(computed.arbitraryWeights && !file.arbitraryWeights)
    for tensor in StepComparison(reference: file, precision: .f32).tensors {
      let isLater =
        tensor.name.hasSuffix(".step2") || tensor.name.hasSuffix(".step3") || tensor.name.hasPrefix("after3.")
      let isNormalisedBias = tensor.name.contains(".conv.") && tensor.name.hasSuffix(".bias")
      for precision in Precision.allCases where tensor.quantity != .normalisedBiasGradient {
        let strict = StepTolerance.of(tensor, in: file, precision: precision)
        let wide = StepTolerance.of(tensor, in: computed, precision: precision)
        let widens = (isLater || precision == .bf16) && !isNormalisedBias
        if computed.ambiguities[tensor.name].map({ $0.maximum == 0 }) ?? true {
          #expect((strict != wide) == widens, "\(tensor.name) \(precision)")
        }
      }
    }
  }

  @Test func evenTheWidestBoundRefusesAGradientOfZero() {
    let table = StepTolerance.of(.gradient, precision: .bf16)
    #expect(table.relative! * StepTolerance.widening(.gradient, precision: .bf16) < 1)
  }

  @Test func verdictIsTheObjectThatTheCommandPrints() throws {
    let reference = try ReferenceStep(contentsOf: ReferenceFiles.fixture)
    let verdict = StepComparison(reference: reference, precision: .f32).compare(reference.measured)
    let data = try JSONEncoder().encode(verdict)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["passed"] as? Bool == true && object["tensors"] as? Int == verdict.tensors)
    let worst = try #require(object["worst"] as? [String: Any])
    #expect(worst["name"] as? String == verdict.worst.name && worst["relative_error"] is Double)
    #expect(try JSONDecoder().decode(StepVerdict.self, from: data) == verdict)
  }
}
