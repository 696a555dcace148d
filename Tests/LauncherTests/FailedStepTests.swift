import Foundation
import TestSupport
import Testing

@testable import Training

/// A step with numbers that are not finite is named, kept and done again.
@Suite(.serialized)
struct FailedStepTests {
  /// The second step meets weights of 1e30.
  private static func diverging(_ output: String) -> [String] {
    TinyRun.network + [
      "--data", "synthetic", "--precision", "f32", "--threads", "1", "--epochs", "1", "--steps-per-epoch", "5",
      "--validation-steps", "1", "--rounds", "0", "--learning-rate", "1e30", "--global-batch", "6", "--output", output,
    ]
  }

  @Test(arguments: [nil, 2])
  func aDivergingRunKeepsItsStepAndTheReplayMeetsItAgain(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(Self.diverging(scratch("run")), ranks: ranks)
    #expect(
      outcome.exitCode == 70 && outcome.mentions("is not finite, from layer encoder.0.conv.0 on") == 1, "\(outcome)")
    // All ranks know of it: none has to end the others, who would speak too, or before what is said is read.
    #expect(outcome.mentions("MPI_ABORT") == 0, "\(outcome)")
    let start = try StepReplay.Start(scratch("run"))
    let failed = try #require(start.failed)
    #expect(failed.step == 2 && failed.layer == "encoder.0.conv.0" && failed.ranks == ranks ?? 1)
    #expect(failed.pairs.count == 6 && failed.pairs.allSatisfy { $0.count == 2 } && Set(failed.pairs).count > 1)
    // The steps before it are recorded: they show how it came.
    let counts = try EventLog.events(in: scratch("run/metrics.jsonl")).map {
      if case .steps(let steps) = $0 { steps.count } else { 0 }
    }
    #expect(counts.reduce(0, +) == failed.step - 1, "\(counts)")
    // The run as it stood before the step: the moving statistics too.
    #expect(start.checkpoint.state.step == 1)
    #expect(try start.checkpoint.weights(best: false).allSatisfy(\.isFinite))

    for other in [ranks, 3] {
      let replay = try launch(["replay", scratch("run"), "--json"], ranks: other)
      #expect(replay.exitCode == 1, "\(replay)")
      let result = try replay.json()
      #expect(result["layer"] as? String == "encoder.0.conv.0" && result["step"] as? Int == 2)
      #expect(result["message"] as? String == failed.message && result["ranks"] as? Int == other ?? 1)
    }
  }

  /// Frozen statistics are finite whatever happens: the layer is found by what the convolutions left. The first one's outputs of 1e30 still
  /// are; normalised by weights as large they are not.
  @Test(arguments: [nil, 2])
  func aDivergingRunWithFrozenStatisticsNamesItsLayer(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      Self.diverging(scratch("run")) + ["--warm-up", "0", "--freeze-statistics", "1"], ranks: ranks)
    #expect(outcome.exitCode == 70 && outcome.mentions("MPI_ABORT") == 0, "\(outcome)")
    #expect(outcome.mentions("is not finite, from layer encoder.") == 1, "\(outcome)")
    let start = try StepReplay.Start(scratch("run"))
    let failed = try #require(start.failed)
    #expect(failed.layer.hasPrefix("encoder."), "\(outcome)")
    let replay = try launch(["replay", scratch("run"), "--json"], ranks: 3)
    #expect(try replay.json()["layer"] as? String == failed.layer, "\(replay)")
  }

  /// What cannot be written must not hide what happened.
  @Test(arguments: [nil, 2])
  func aStepThatCannotBeKeptIsStillNamed(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: scratch("run/failed-step.safetensors/taken"), withIntermediateDirectories: true)
    let outcome = try launch(Self.diverging(scratch("run")), ranks: ranks)
    #expect(outcome.exitCode == 70 && outcome.mentions("is not finite") == 1, "\(outcome)")
    #expect(
      outcome.mentions("step 2 is not kept for a replay") == 1 && outcome.mentions("MPI_ABORT") == 0, "\(outcome)")
  }

  @Test
  func theListedPairsAreThoseThatWereMixed() throws {
    let scratch = try TemporaryFolder()
    _ = try launch(Self.diverging(scratch("run")))
    let failed = try #require(StepReplay.Start(scratch("run")).failed)
    let json = try String(contentsOfFile: scratch("run/failed-step.json"), encoding: .utf8)
    #expect(json.contains("\"global_batch\" : 6") && json.contains("\"data\" : \"synthetic\""))
    let again = try TemporaryFolder()
    _ = try launch(Self.diverging(again("run")), ranks: 2)
    #expect(try StepReplay.Start(again("run")).failed?.pairs == failed.pairs)
  }

  @Test
  func aCheckpointReplaysTheStepThatFollowed() throws {
    let run = try TinyRun.done()
    let outcome = try launch(["replay", run.checkpoint, "--json"], ranks: 2)
    #expect(outcome.succeeded, "\(outcome)")
    let result = try outcome.json()
    let losses = try #require(result["losses"] as? [String: Double])
    let norm = try #require(result["gradient_norm"] as? Double)
    #expect(result["step"] as? Int == 7 && losses["first"]! > 0 && losses["second"]! > 0 && norm > 0 && norm.isFinite)
    let alone = try launch(["replay", run.checkpoint])
    #expect(alone.succeeded && alone.standardOutput.contains("all numbers are finite"), "\(alone)")
  }

  /// The sixth of six steps is done again from the checkpoint before it, normalised as the run did it.
  @Test(arguments: ["0", "0.5"])
  func aReplayNormalisesAsTheRunDid(frozenPart: String) throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      TinyRun.network + [
        "--data", "synthetic", "--precision", "f32", "--threads", "1", "--epochs", "1", "--steps-per-epoch", "6",
        "--validation-steps", "1", "--rounds", "0", "--global-batch", "6", "--warm-up", "0", "--freeze-statistics",
        frozenPart, "--checkpoint-every", "5", "--log-every", "1", "--output", scratch("run"),
      ])
    #expect(outcome.succeeded, "\(outcome)")
    let said = try String(contentsOfFile: scratch("run/metrics.jsonl"), encoding: .utf8).split(separator: "\n")
      .map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
      .first { $0?["event"] as? String == "steps" && $0?["step"] as? Int == 6 }
    let losses = try #require(said??["losses"] as? [String: Double])
    let replay = try launch(["replay", scratch("run/checkpoints/step-0000000005.safetensors"), "--json"])
    let again = try #require(try replay.json()["losses"] as? [String: Double])
    for head in ["first", "second"] {
      #expect(losses[head]! > 0 && abs(again[head]! - losses[head]!) < 1e-5 * losses[head]!, "\(losses) \(again)")
    }
  }

  @Test
  func whatCannotBeReplayedIsSaid() throws {
    let run = try TinyRun.done()
    let healthy = try launch(["replay", run.folder])
    #expect(healthy.exitCode == 66 && healthy.standardError.contains("failed-step.json"), "\(healthy)")
    let pictures = try TemporaryFolder()
    try Pictures.write(to: pictures("data"))
    let other = try launch(["replay", run.checkpoint, "--data", pictures("data")])
    #expect(other.exitCode == 64 && other.standardError.contains("--data: other pictures"), "\(other)")
  }
}
