import Foundation
import Model
import TestSupport
import Testing

@testable import Training

struct StepComparisonTests {
  @Test(arguments: Fixtures.references, Precision.allCases)
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

  @Test(arguments: Fixtures.references, Precision.allCases)
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
        guard path == Fixtures.tinyStep else { continue }
        let verdict = comparison.compare(measured)
        #expect(!verdict.passed && verdict.failures.map(\.name) == [tensor.name], "\(tensor.name) \(what)")
        #expect(verdict.worst.name == tensor.name, "\(tensor.name) \(what)")
      }
    }
  }

  @Test func anyOneMeasuredTensorMissingNaNOrOfTheWrongSizeFailsAndIsNamed() throws {
    let reference = try ReferenceStep(contentsOf: Fixtures.tinyStep)
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
    let reference = try ReferenceStep(contentsOf: Fixtures.tinyStep)
    var measured = reference.measured
    measured["grad.decoder.0.up.weight"] = measured["grad.decoder.0.up.weight"]!.map { $0 * (1 + 2e-5) }
    let verdict = StepComparison(reference: reference, precision: .f32).compare(measured)
    #expect(verdict.passed && verdict.worst.name == "grad.decoder.0.up.weight")
    #expect(abs(verdict.worst.relativeError! - 2e-5) < 1e-7)
  }

  @Test func deadTensorTakesItsRelativeToleranceAsAnAbsoluteOne() {
    let tolerance = StepTolerance.of(.gradient, precision: .f32).meaningful(reference: [0, 0])
    #expect(tolerance == StepTolerance(maximum: 3e-5))
  }

  @Test(arguments: Precision.allCases)
  func computedReferenceAddsWhatRoundingCostsAtItsWeightsToTheTable(_ precision: Precision) throws {
    let file = try ReferenceStep(contentsOf: Fixtures.tinyStep)
    let computed = ReferenceStep(
      computedFor: file.configuration, weights: file.weights, input: file.input, targets: file.targets,
      precision: precision, keepingWeights: true)
    let inFile = StepComparison(reference: file, precision: precision).tensors
    let tensors = StepComparison(reference: computed, precision: precision).tensors
    #expect(
      Set(tensors.map(\.name))
        == Set(
          inFile.map(\.name).filter { !$0.hasSuffix(".step2") && !$0.hasSuffix(".step3") && !$0.hasPrefix("after3.") }))
    #expect(
      inFile.allSatisfy {
        StepTolerance.of($0, in: file, precision: precision) == .of($0.quantity, precision: precision)
      })
    for tensor in tensors where tensor.quantity != .normalisedBiasGradient {
      let ambiguity = try #require(computed.ambiguities[tensor.name])
      let (table, bound) = (
        StepTolerance.of(tensor.quantity, precision: precision),
        StepTolerance.of(tensor, in: computed, precision: precision)
      )
      #expect(bound.maximum == table.maximum.map { $0 + 6 * ambiguity.maximum }, "\(tensor.name)")
      #expect(bound.relative == table.relative.map { $0 + 6 * ambiguity.relative }, "\(tensor.name)")
      #expect(bound.movement == table.movement, "\(tensor.name)")
      // The fixture's weights lie away from the kinks: a program of f32 keeps the table's bounds.
      if precision == .f32, let relative = table.relative {
        #expect(ambiguity.relative < relative, "\(tensor.name)")
      }
    }
  }

  @Test(arguments: Precision.allCases)
  func computedReferenceRefusesGradientsThatAreMissingMirroredOrDoubled(_ precision: Precision) throws {
    let file = try ReferenceStep(contentsOf: Fixtures.tinyStep)
    let computed = ReferenceStep(
      computedFor: file.configuration, weights: file.weights, input: file.input, targets: file.targets,
      precision: precision)
    let comparison = StepComparison(reference: computed, precision: precision)
    for tensor in comparison.tensors where tensor.quantity == .gradient {
      for factor: Float in [0, -1, 2] {
        var measured = computed.measured
        measured[tensor.name] = measured[tensor.name]!.map { $0 * factor }
        #expect(comparison.compare(measured).failures.map(\.name) == [tensor.name], "\(tensor.name) times \(factor)")
      }
    }
  }

  @Test func verdictIsTheObjectThatTheCommandPrints() throws {
    let reference = try ReferenceStep(contentsOf: Fixtures.tinyStep)
    let verdict = StepComparison(reference: reference, precision: .f32).compare(reference.measured)
    let data = try JSONEncoder().encode(verdict)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["passed"] as? Bool == true && object["tensors"] as? Int == verdict.tensors)
    let worst = try #require(object["worst"] as? [String: Any])
    #expect(worst["name"] as? String == verdict.worst.name && worst["relative_error"] is Double)
    #expect(try JSONDecoder().decode(StepVerdict.self, from: data) == verdict)
  }
}
