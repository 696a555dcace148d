import Foundation
import Model
import TestSupport
import Testing

/// Runs that begin with weights of a file.
struct InitialWeightsTests {
  /// A step that is too short to move anything.
  private static let still = [
    "--recipe", "notebook", "--learning-rate", "1e-30", "--epochs", "1", "--steps-per-epoch", "1",
  ]

  @Test(arguments: [1, 3])
  func aRunBeginsWithTheWeightsOfItsFile(ranks: Int) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let outcome = try launch(
      ["train"] + TinyRun.options + Self.still + [
        "--seed", "7", "--rounds", "0", "--initial-weights", run.weights, "-o", scratch("run"),
      ], ranks: ranks)
    #expect(outcome.succeeded && outcome.mentions("first weights: \(run.weights)") == 1, "\(outcome)")
    let (first, last) = try (
      SafeTensorsFile(contentsOf: run.weights), SafeTensorsFile(contentsOf: scratch("run/best.safetensors"))
    )
    #expect(first.tensors.map(\.name) == last.tensors.map(\.name) && !first.tensors.isEmpty)
    for tensor in first.tensors where !tensor.name.contains("moving") {
      #expect(try last.tensor(tensor.name).bytes == tensor.bytes, "\(tensor.name)")
    }
  }

  @Test(arguments: [1, 3])
  func theFastRecipeJudgesEqualWeightsAlikeInEveryEpoch(ranks: Int) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let outcome = try launch(
      ["train"] + TinyRun.options + [
        "--recipe", "fast", "--optimizer", "adam", "--learning-rate", "1e-30", "--warm-up", "0", "--freeze-statistics",
        "1", "--average-decay", "0", "--epochs", "3", "--rounds", "0", "--initial-weights", run.weights, "-o",
        scratch("run"),
      ], ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    let rows = try String(decoding: scratch.bytes("run/metrics.csv"), as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: ",").map(String.init) }
    let losses = rows.dropFirst().map { $0[6] }
    #expect(rows.first?[6] == "val_loss" && losses.count == 3 && Set(losses).count == 1, "\(losses)")
  }

  @Test
  func anotherNetworksWeightsAreRefused() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let outcome = try launch(
      ["train"] + TinyRun.options + ["--base-channels", "5", "--initial-weights", run.weights, "-o", scratch("run")])
    let message =
      "launcher: --initial-weights: \(run.weights) has 4 base channels, 2 blocks of 1, heads mnist and fashion, "
      + "pictures of 28 in 32x32, this run 5 base channels, 2 blocks of 1, heads mnist and fashion, pictures of 28 in 32x32\n"
    #expect(outcome.exitCode == 64 && outcome.standardError.hasSuffix(message), "\(outcome)")
  }

  @Test
  func aResumedRunKeepsToItsFile() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let options = ["train"] + TinyRun.options + Self.still + ["--rounds", "0", "-o", scratch("run")]
    #expect(try launch(options + ["--initial-weights", run.weights]).succeeded)
    let outcome = try launch(options + ["--initial-weights", run.checkpoint])
    #expect(outcome.exitCode == 64 && outcome.standardError.contains("--initial-weights"), "\(outcome)")
  }

  @Test
  func aFileThatIsNotThereIsNamed() throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      ["train"] + TinyRun.options + ["--initial-weights", scratch("lost.safetensors"), "-o", scratch("run")])
    #expect(
      outcome.exitCode == 66 && outcome.standardError.hasSuffix("\(scratch("lost.safetensors")): no such file\n"),
      "\(outcome)")
    #expect(!FileManager.default.fileExists(atPath: scratch("run")))
  }
}
