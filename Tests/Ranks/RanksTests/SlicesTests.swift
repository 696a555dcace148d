import Foundation
import TestSupport
import Testing

@testable import Training

extension RanksTests {
  /// Nine pairs in four slices: 3, 2, 2, 2. One network for bf16's rounding too.
  private static let sliced = ["slices=4", "batch=9", "base=16", "rounds=0", "rate=0.003"]

  @Test(arguments: Machine.precisions)
  func fixedSlicesTrainTheSameWeightsOnOneTwoAndFourRanks(precision: String) throws {
    let run = try TrainingRun()
    let arguments = Self.sliced + ["precision=\(precision)", "epochs=2", "steps-per-epoch=25"]
    let checkpoints = try [1, 2, 4].map { ranks in
      let outcome = try run.train("on-\(ranks)", arguments, ranks: ranks)
      #expect(outcome.succeeded, "\(outcome)")
      return try run.checkpoint("on-\(ranks)", step: 50)
    }
    let weights = try checkpoints[0].weights(best: false)
    #expect(weights.allSatisfy { $0.isFinite })
    for (checkpoint, ranks) in zip(checkpoints, [1, 2, 4]).dropFirst() {
      let comparison = CheckpointComparison(checkpoints[0], checkpoint)
      #expect(comparison.isEqual, "\(ranks) ranks: \(comparison)")
      #expect(try run.metrics("on-\(ranks)") == run.metrics("on-1"))
      #expect(checkpoint.state.recipe == checkpoints[0].state.recipe)
    }
    // Without them the ranks' own sums round otherwise: the proof is none by accident.
    if precision == "f32" {
      let free = Array(arguments.dropFirst())
      _ = try run.train("free", free, ranks: 2)
      #expect(try !CheckpointComparison(checkpoints[0], run.checkpoint("free", step: 50)).isEqual)
    }
  }

  /// Ranks of unequal work in Muon's step: two of four have a kernel or two, one none. And steps without statistics to sum.
  @Test(arguments: [["optimizer=muon"], ["recipe=fast", "freeze-statistics=0.5"]])
  func partsOfTheFastRecipeMoveTheSameWeightsOnOneTwoAndFourRanks(part: [String]) throws {
    let run = try TrainingRun()
    let arguments = ["slices=4", "batch=8", "rounds=0", "epochs=1", "steps-per-epoch=12", "rate=0.01"]
    let checkpoints = try [1, 2, 4].map { ranks in
      let outcome = try run.train("on-\(ranks)", arguments + part, ranks: ranks)
      #expect(outcome.succeeded, "\(outcome)")
      return try run.checkpoint("on-\(ranks)", step: 12)
    }
    #expect(try checkpoints[0].weights(best: false).allSatisfy { $0.isFinite })
    for (checkpoint, ranks) in zip(checkpoints, [1, 2, 4]).dropFirst() {
      let comparison = CheckpointComparison(checkpoints[0], checkpoint)
      #expect(comparison.isEqual, "\(ranks) ranks: \(comparison)")
    }
    // It is another step than the notebook's.
    _ = try run.train("notebook", arguments, ranks: 1)
    #expect(try !CheckpointComparison(checkpoints[0], run.checkpoint("notebook", step: 12)).isEqual)
  }

  @Test
  func aSlicedRunGoesOnWithOtherRanksAsIfNothingHadBeen() throws {
    let run = try TrainingRun()
    let arguments = Self.sliced + ["epochs=3", "steps-per-epoch=4"]
    let whole = try run.train("whole", arguments, ranks: 2)
    #expect(whole.succeeded, "\(whole)")
    // Asked before every step and after each of two validation batches: the stops come after steps 3 and 7.
    for (ranks, stop, start) in [
      (4, ["stop-after=3"], "resume point: none"), (2, ["stop-after=6"], "step 3, 0 epochs complete"),
      (1, [], "step 7, 1 epochs complete"),
    ] {
      let outcome = try run.train("changed", arguments + stop, ranks: ranks)
      #expect(outcome.succeeded && !outcome.standardError.contains("rounding"), "\(outcome)")
      #expect(outcome.standardError.contains(start), "\(outcome)")
    }
    let comparison = CheckpointComparison(
      try run.checkpoint("whole", step: 12), try run.checkpoint("changed", step: 12))
    #expect(comparison.isEqual, "\(comparison)")
    #expect(try run.metrics("whole") == run.metrics("changed"))
  }

  /// Fixed slices travel as messages even within a host, which the run has no reason to keep to without them.
  @Test
  func aRunThatGoesOnWithoutSlicesAddsUpInMemory() throws {
    let run = try TrainingRun()
    let arguments = ["batch=4", "rounds=0", "steps-per-epoch=2"]
    #expect(try run.train("run", arguments + ["slices=2", "epochs=1"], ranks: 2).succeeded)
    #expect(try run.checkpoint("run", step: 2).plan.nodes == [0, 1])
    let outcome = try run.train("run", arguments + ["epochs=2"], ranks: 2)
    #expect(outcome.succeeded && outcome.standardError.contains("fixed slices none instead of 2"), "\(outcome)")
    #expect(try run.checkpoint("run", step: 4).plan.nodes == [0, 0])
  }

  @Test(arguments: [3, 8])
  func ranksThatCannotShareTheSlicesAreUsage(ranks: Int) throws {
    let outcome = try MPIRun(
      "launcher", ["--slices", "4", "--data", "synthetic", "--output", "/no/such/place"], ranks: ranks
    ).run()
    #expect(outcome.exitCode == 64 && outcome.standardError.contains("--slices: 4 slices"), "\(outcome)")
    #expect(outcome.standardError.contains("\(ranks) ranks"), "\(outcome)")
  }

  /// Losses of the steps after `steps` of an epoch, from the sums that its checkpoints hold.
  private func losses(_ run: TrainingRun, _ output: String, afterSteps steps: Range<Int>) throws -> [Double] {
    let sums = try (steps.lowerBound...steps.upperBound).map { step in
      step == 0 ? 0 : try run.checkpoint(output, step: step).state.lossSums.sum
    }
    return zip(sums.dropFirst(), sums).map { $0 - $1 }
  }

  /// Same weights, same samples: only the order of the additions differs, of which the loss keeps 1e-6.
  @Test
  func theFirstLossOnOtherRanksIsThatOfTheUninterruptedRun() throws {
    let run = try TrainingRun()
    let arguments = [
      "epochs=1", "steps-per-epoch=9", "batch=9", "base=16", "blocks=3", "rounds=0", "checkpoint-every=1", "keep=20",
    ]
    func train(_ output: String, ranks: Int, from other: String? = nil, step: Int = 0) throws {
      let file = CheckpointFolder("\(run.folder)/\(other ?? "")/checkpoints").file(step: step)
      let outcome = try run.train(output, arguments + (other == nil ? [] : ["resume=\(file)"]), ranks: ranks)
      #expect(outcome.succeeded, "\(outcome)")
      #expect(outcome.standardError.contains("rounding only: ranks \(ranks) instead of") == (other != nil))
    }
    try train("four", ranks: 4)
    try train("two", ranks: 2, from: "four", step: 2)
    try train("three", ranks: 3, from: "two", step: 5)
    for (before, after, step) in [("four", "two", 2), ("two", "three", 5)] {
      let expected = try losses(run, before, afterSteps: step..<step + 1)[0]
      // The resumed run's folder has no checkpoint of the step it starts from.
      let start = try run.checkpoint(before, step: step).state.lossSums.sum
      let found = try run.checkpoint(after, step: step + 1).state.lossSums.sum - start
      let other = try losses(run, before, afterSteps: step + 1..<step + 2)[0]
      #expect(expected > 0 && abs(found - expected) <= 1e-6 * expected, "\(after): \(found), not \(expected)")
      #expect(abs(other - expected) > 1e-4 * expected, "the next step's loss would pass too")
    }
  }
}
