package import Model

/// Compares measured tensors with a reference, each within the tolerance of what it is.
package struct StepComparison: Sendable {
  private let reference: ReferenceStep
  private let precision: Precision
  /// What is compared, in order.
  package let tensors: [ComparedTensor]

  /// A comparison with `reference` by the tolerances of `precision`.
  package init(reference: ReferenceStep, precision: Precision) {
    self.reference = reference
    self.precision = precision
    tensors = ComparedTensor.all(
      layout: reference.layout, batch: reference.batch, steps: reference.steps, extras: Set(reference.tensors.keys))
  }

  /// The verdict on `measured`, row-major elements by name.
  ///
  /// A tensor that is missing, not finite or of the wrong size, measured or in the reference, fails and is named.
  package func compare(_ measured: [String: [Float]]) -> StepVerdict {
    var failures: [StepVerdict.Failure] = []
    var worst: (ratio: Double, name: String, relativeError: Double?) = (-1, "", nil)
    for tensor in tensors {
      let finding = compare(tensor, measured[tensor.name])
      if let problem = finding.problem {
        failures.append(StepVerdict.Failure(name: tensor.name, problem: problem))
      }
      if finding.ratio > worst.ratio { worst = (finding.ratio, tensor.name, finding.relativeError) }
    }
    return StepVerdict(
      passed: failures.isEmpty, tensors: tensors.count,
      worst: StepVerdict.Worst(name: worst.name, relativeError: worst.relativeError), failures: failures)
  }

  struct Finding {
    var ratio = Double.infinity
    var relativeError: Double?
    var problem: String?
  }

  /// What is to be said of one tensor.
  func compare(_ tensor: ComparedTensor, _ measured: [Float]?) -> Finding {
    guard let expected = reference.tensors[tensor.name] else { return Finding(problem: "missing from the reference") }
    guard expected.shape == tensor.shape, expected.values.count == tensor.count else {
      return Finding(problem: "shape \(expected.shape) in the reference where the network has \(tensor.shape)")
    }
    guard expected.values.allSatisfy(\.isFinite) else { return Finding(problem: "not finite in the reference") }
    guard let measured else { return Finding(problem: "not measured") }
    guard measured.count == tensor.count else {
      return Finding(problem: "\(measured.count) elements measured, \(tensor.count) expected")
    }
    guard measured.allSatisfy(\.isFinite) else { return Finding(problem: "not finite as measured") }

    let before = tensor.before.map { reference.tensors[$0]!.values }
    return judge(
      Errors(measured, expected.values, before: before),
      StepTolerance.of(tensor, in: reference, precision: precision))
  }

  private func judge(_ errors: Errors, _ tolerance: StepTolerance) -> Finding {
    var finding = Finding(ratio: 0, relativeError: errors.relative ?? errors.maximum)
    var problems: [String] = []
    let bounds: [(what: String, error: Double?, bound: Double?)] = [
      ("largest difference", errors.maximum, tolerance.maximum),
      ("relative error", errors.relative, tolerance.relative),
      ("movement", errors.movement, tolerance.movement),
    ]
    for (what, error, bound) in bounds {
      guard let error, let bound else { continue }
      finding.ratio = max(finding.ratio, error / bound)
      // Written so that a NaN is a problem.
      if !(error <= bound) { problems.append("\(what) \(error) exceeds \(bound)") }
    }
    if !problems.isEmpty { finding.problem = problems.joined(separator: ", ") }
    return finding
  }

  /// The distances of a measured tensor from its reference.
  private struct Errors {
    /// Largest absolute difference.
    var maximum = 0.0
    /// |a - b|₂ / |b|₂; nil where the reference is all zeros.
    var relative: Double?
    /// Largest difference of either from the weights before the step.
    var movement: Double?

    init(_ measured: [Float], _ expected: [Double], before: [Double]?) {
      var (squares, norm) = (0.0, 0.0)
      for (a, b) in zip(measured, expected) {
        let difference = Double(a) - b
        maximum = max(maximum, abs(difference))
        squares += difference * difference
        norm += b * b
      }
      relative = norm > 0 ? (squares / norm).squareRoot() : nil
      movement = before.map { before in
        var largest = 0.0
        for i in before.indices {
          largest = max(largest, abs(Double(measured[i]) - before[i]), abs(expected[i] - before[i]))
        }
        return largest
      }
    }
  }
}
