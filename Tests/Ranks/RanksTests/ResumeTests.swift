import Foundation
import TestSupport
import Testing

@testable import Training

/// Resumes at the odd moments of a run; `RanksTests` has the usual ones.
extension RanksTests {
  /// Two epochs of five steps, as a whole and then in pieces in the folder "cut"; the pieces must end as the whole does.
  private func expectTheSameEnd(
    _ run: TrainingRun, _ arguments: [String] = [], pieces: [[String]], ranks: Int? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let all = ["epochs=2", "steps-per-epoch=5", "batch=4", "validation-steps=2"] + arguments
    let whole = try run.train("whole", all, ranks: ranks)
    try #require(whole.succeeded, "\(whole)", sourceLocation: sourceLocation)
    for piece in pieces {
      let cut = try run.train("cut", all + piece, ranks: ranks)
      // One that waits for what does not come is cut by the time limit alone.
      try #require(!cut.timedOut, "\(cut)", sourceLocation: sourceLocation)
      let isKilled = piece.contains { $0.hasPrefix("die-after=") }
      let isStopped = piece.contains { $0.hasPrefix("stop-after=") }
      #expect(cut.succeeded != isKilled, "\(cut)", sourceLocation: sourceLocation)
      #expect(!isStopped || cut.standardError.contains(" is saved"), "\(cut)", sourceLocation: sourceLocation)
    }
    let last = try run.train("cut", all, ranks: ranks)
    try #require(last.succeeded, "\(last)", sourceLocation: sourceLocation)
    // A run that began anew would end the same, and one that was complete too.
    #expect(
      !last.standardError.contains("resume point: none") && !last.standardError.contains("checkpoints: 0 written"),
      "\(last)", sourceLocation: sourceLocation)
    let (a, b) = (try run.checkpoint("whole", step: 10), try run.checkpoint("cut", step: 10))
    for best in [false, true] {
      #expect(try a.weights(best: best) == b.weights(best: best), "\(last)", sourceLocation: sourceLocation)
    }
    #expect(try a.moments().second == b.moments().second, sourceLocation: sourceLocation)
    #expect(a.state.recipe == b.state.recipe && a.state.epoch == b.state.epoch, sourceLocation: sourceLocation)
    #expect(try run.metrics("whole") == run.metrics("cut"), sourceLocation: sourceLocation)
    for name in ["best.safetensors", "evaluation.json"] {
      let files = try ["whole", "cut"].map { try FileSystem.read("\(run.folder)/\($0)/\(name)") }
      #expect(files[0] == files[1], "\(name)", sourceLocation: sourceLocation)
    }
  }

  private func withRun(_ body: (TrainingRun) throws -> Void) throws {
    try body(TrainingRun())
  }

  @Test(arguments: [nil, 2])
  func aRunThatIsCutTwiceInOneEpochEndsTheSame(ranks: Int?) throws {
    try withRun { run in
      try expectTheSameEnd(
        run, ["checkpoint-every=1"],
        pieces: [["die-after=2", "after-checkpoint=1"], ["die-after=1", "after-checkpoint=2"]], ranks: ranks)
    }
  }

  /// The schedule, the averages and what validation judged go on as they were, and statistics that were frozen after step 3. The second
  /// piece is asked before steps 2 to 5 and two batches of validation, and dies before step 6.
  @Test(arguments: [nil, 2, 3])
  func aFastRunThatIsCutEndsTheSame(ranks: Int?) throws {
    try withRun { run in
      let recipe = [
        "recipe=fast", "rate=3e-3", "warm-up=3", "loss=rmse", "optimizer=muon", "weight-decay=0.1", "clip-norm=0.5",
        "average-decay=0.6", "freeze-statistics=0.9",
      ]
      try expectTheSameEnd(
        run, recipe + ["checkpoint-every=1"],
        pieces: [["die-after=2", "after-checkpoint=1"], ["die-after=6", "after-checkpoint=5"]], ranks: ranks)
      let (whole, cut) = (try run.checkpoint("whole", step: 10), try run.checkpoint("cut", step: 10))
      #expect(try whole.averages() == cut.averages() && whole.averages() != whole.weights(best: false))
    }
  }

  /// However fast the machine is: the run is over by itself, and its learning rate then as good as nothing.
  @Test
  func aTimeBudgetEndsTheRunWithItsSchedule() throws {
    try withRun { run in
      let outcome = try run.train(
        "run",
        ["recipe=fast", "rate=0.01", "time-budget=6", "epochs=100000", "steps-per-epoch=25", "batch=4", "rounds=0"],
        ranks: 2)
      try #require(outcome.succeeded, "\(outcome)")
      let rates = try run.metrics("run").compactMap { Double($0[2]) }
      #expect(rates.count > 3 && zip(rates, rates.dropFirst()).allSatisfy { $0 >= $1 }, "\(rates)")
      #expect((rates.last ?? 1) < 1e-3, "\(rates)")
    }
  }

  /// An hour's run is stopped where its rate is at the peak, and goes on as one of some seconds, which end with its schedule.
  @Test
  func anotherTimeBudgetIsAnotherEnd() throws {
    try withRun { run in
      let options = ["recipe=fast", "rate=0.01", "cool-down=0.5", "epochs=100000", "steps-per-epoch=25", "batch=4"]
      let stopped = try run.train("run", options + ["time-budget=3600", "stop-after=140"], ranks: 2)
      try #require(stopped.standardError.contains(" is saved"), "\(stopped)")
      let before = try run.metrics("run").compactMap { Double($0[2]) }
      #expect(before.count >= 4 && before.allSatisfy { $0 == before[0] }, "\(before)")
      let last = try run.train("run", options + ["time-budget=8"], ranks: 2)
      try #require(last.succeeded, "\(last)")
      let rates = try run.metrics("run").compactMap { Double($0[2]) }
      // However slow the machine is: the epoch that was cut, and one after its speed is known.
      #expect(Array(rates.prefix(before.count)) == before && rates.count > before.count + 1, "\(rates)")
      #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 >= $1 } && (rates.last ?? 1) < 1e-3, "\(rates)")
      #expect(try run.checkpoint("run", step: 25 * rates.count).state.epoch == rates.count)
    }
  }

  /// The same, where the clock has not changed but the most epochs have.
  @Test
  func otherMostEpochsOfATimedRunAreAnotherEnd() throws {
    try withRun { run in
      let options = [
        "recipe=fast", "rate=0.01", "cool-down=0.5", "time-budget=3600", "steps-per-epoch=25", "batch=4", "rounds=0",
      ]
      let stopped = try run.train("run", options + ["epochs=100000", "stop-after=140"], ranks: 2)
      try #require(stopped.standardError.contains(" is saved"), "\(stopped)")
      let before = try run.metrics("run").compactMap { Double($0[2]) }
      #expect(before.count >= 4 && before.allSatisfy { $0 == before[0] }, "\(before)")
      let last = try run.train("run", options + ["epochs=\(before.count + 1)"], ranks: 2)
      try #require(last.succeeded, "\(last)")
      let rates = try run.metrics("run").compactMap { Double($0[2]) }
      #expect(rates.count == before.count + 1 && (rates.last ?? 1) < 1e-3, "\(rates)")
    }
  }

  /// The disk refuses the first epoch's line once, and the run is stopped before there is another.
  @Test
  func aLineThatTheDiskRefusedIsThereAfterAStop() throws {
    try withRun { run in
      let arguments = ["epochs=2", "steps-per-epoch=5", "batch=4", "validation-steps=2", "rounds=0"]
      var first = MPIRun(
        "TrainingChecks", ["train", "output=\(run.folder)/run", "stop-after=9"] + arguments, ranks: nil,
        limit: .seconds(120))
      first.environment = MPIRun.fileFaults(
        under: "\(run.folder)/run/metrics.csv", at: 1, only: "write", error: ENOSPC)
      let stopped = try first.run()
      #expect(stopped.standardError.contains("what could not be written is added"), "\(stopped)")
      #expect(stopped.standardError.contains("step 7 is saved"), "\(stopped)")
      #expect(try run.metrics("run").map { $0[0] } == ["epoch", "1"])
      #expect(try run.train("run", arguments, ranks: nil).succeeded)
      #expect(try run.metrics("run").map { $0[0] } == ["epoch", "1", "2"])
    }
  }

  /// The best weights are the averages as they were when the epoch was judged.
  @Test
  func averagesAreWhatIsKept() throws {
    try withRun { run in
      let outcome = try run.train(
        "run", ["recipe=fast", "warm-up=2", "average-decay=0.9", "epochs=1", "steps-per-epoch=6", "batch=4"], ranks: 2)
      try #require(outcome.succeeded, "\(outcome)")
      let checkpoint = try run.checkpoint("run", step: 6)
      #expect(try checkpoint.weights(best: true) == checkpoint.averages())
      #expect(try checkpoint.weights(best: true) != checkpoint.weights(best: false))
    }
  }

  @Test
  func aStopAfterAnEpochsLastStepGoesOnWithItsValidation() throws {
    try withRun { run in
      try expectTheSameEnd(run, pieces: [["stop-after=5"]])
      #expect(try !run.metrics("cut").isEmpty)
    }
    try withRun { run in
      let arguments = ["epochs=1", "steps-per-epoch=5", "batch=4", "validation-steps=2"]
      let stopped = try run.train("run", arguments + ["stop-after=5"], ranks: nil)
      #expect(stopped.standardError.contains("step 5 is saved"), "\(stopped)")
      let state = try run.checkpoint("run", step: 5).state
      #expect(state.epoch == 0 && state.stepInEpoch == 5)
      #expect(try run.metrics("run").count == 1)
    }
  }

  @Test
  func aStopWithinTheValidationRepeatsIt() throws {
    // Asked before each of five steps, then after each of two batches of the validation.
    for asked in [6, 7] { try withRun { try expectTheSameEnd($0, pieces: [["stop-after=\(asked)"]]) } }
  }

  @Test
  func aRunThatEndedWithAnEpochGoesOnWithTheNext() throws {
    try withRun { try expectTheSameEnd($0, pieces: [["epochs=1"]]) }
  }

  @Test
  func aCompleteRunIsNotTrainedAgain() throws {
    try withRun { run in
      let arguments = ["epochs=2", "steps-per-epoch=3", "batch=4", "keep=1"]
      let first = try run.train("run", arguments, ranks: 2)
      #expect(first.succeeded, "\(first)")
      let file = "\(run.folder)/run/checkpoints/step-0000000006.safetensors"
      let (bytes, metrics) = (try FileSystem.read(file), try run.metrics("run"))
      let again = try run.train("run", arguments, ranks: 2)
      #expect(again.succeeded && again.standardError.contains("checkpoints: 0 written"), "\(again)")
      #expect(try FileSystem.read(file) == bytes && run.metrics("run") == metrics)
      let evaluations = [first, again].map { outcome in
        outcome.standardOutput.split(separator: "\n").filter { $0.hasPrefix("evaluation ") }
      }
      #expect(evaluations[0].count == 1 && evaluations[0] == evaluations[1])
    }
  }

  @Test
  func aDamagedNewestCheckpointFallsBackAndEndsTheSame() throws {
    try withRun { run in
      let arguments = ["checkpoint-every=2"]
      // Stops after step 7: the checkpoints of 4, 6 and 7 stay.
      let all = ["epochs=2", "steps-per-epoch=5", "batch=4", "validation-steps=2", "stop-after=9"] + arguments
      let stopped = try run.train("cut", all, ranks: nil)
      #expect(stopped.standardError.contains("step 7 is saved"), "\(stopped)")
      let file = "\(run.folder)/cut/checkpoints/step-0000000007.safetensors"
      var bytes = try FileSystem.read(file)
      bytes[bytes.count / 2] ^= 0x20
      try FileSystem.writeAtomically(bytes, to: file)
      try expectTheSameEnd(run, arguments, pieces: [])
      let log = try String(contentsOfFile: "\(run.folder)/cut/log.txt", encoding: .utf8)
      #expect(log.contains("step-0000000007.safetensors: damaged checkpoint") && log.contains("step 6, 1 epochs"))
    }
  }

  @Test
  func anotherNetworkOrOtherPicturesAreNamed() throws {
    try withRun { run in
      let arguments = ["epochs=1", "steps-per-epoch=2", "batch=4", "rounds=0"]
      #expect(try run.train("run", arguments, ranks: nil).succeeded)
      let network = try run.train("run", arguments + ["base=8"], ranks: nil)
      #expect(network.exitCode == 1 && network.standardError.contains("made by another network"), "\(network)")
      #expect(network.standardError.contains("4 base channels") && network.standardError.contains("8 base channels"))
      let pictures = try run.train("run", arguments + ["other-pictures"], ranks: nil)
      #expect(pictures.exitCode == 1 && pictures.standardError.contains("made with other pictures"), "\(pictures)")
      #expect(try run.checkpoint("run", step: 2).state.step == 2)
    }
  }
}
