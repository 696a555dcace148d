import TestSupport
import Testing

/// A training step in the steady state.
struct AllocationTests {
  /// Numbers by name of each of the three lines.
  private func counts(_ precision: String, ranks: Int, slices: [String] = []) throws -> [[String: Int]] {
    let outcome = try MPIRun("StepChecks", ["allocations", precision, "4"] + slices, ranks: ranks).run()
    try #require(outcome.succeeded, "\(outcome)")
    return outcome.standardOutput.split(separator: "\n").map { line in
      let words = line.split(separator: " ").map(String.init)
      return Dictionary(
        uniqueKeysWithValues: stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], Int(words[$0 + 1]) ?? -1) })
    }
  }

  @Test(arguments: Machine.precisions, [1, 2])
  func aStepAllocatesNothingOfItsOwn(_ precision: String, ranks: Int) throws {
    try expectNone(counts(precision, ranks: ranks))
  }

  @Test
  func aStepOfFixedSlicesAllocatesNothingOfItsOwn() throws {
    try expectNone(counts("f32", ranks: 2, slices: ["4"]))
  }

  private func expectNone(_ steps: [[String: Int]]) {
    #expect(steps.count == 3)
    for step in steps {
      #expect(step["own"] == 0 && step["bytes"] == 0 && step["others"] == 0, "\(step)")
      // oneDNN 2.6 makes a context for each of the step's primitives, so that some are counted at all; nothing of it may grow.
      #expect(step["onednn"] == steps[0]["onednn"] && (step["onednn"] ?? 0) > 0, "\(steps)")
    }
  }
}
