import TestSupport
import Testing

/// A network that trains in a second, and one run of it that several tests look at.
enum TinyRun {
  static let network = ["--base-channels", "4", "--blocks", "2", "--convolutions-per-block", "1"]
  /// Values of this network, moving statistics included.
  static let parameters = 40 + 8 + 8 + 296 + 16 + 16 + 292 + 292 + 8 + 8 + 10
  static let steps = ["--epochs", "2", "--steps-per-epoch", "3", "--validation-steps", "2"]
  static let evaluation = ["--rounds", "2", "--pairs", "60"]
  static let options = network + steps + evaluation + ["--data", "synthetic", "--precision", "f32", "--threads", "1"]

  /// The run and its folder, which lives as long as the tests.
  struct Result: @unchecked Sendable {
    let scratch: TemporaryFolder
    let outcome: MPIRun.Outcome
    var folder: String { scratch("run") }
    var weights: String { folder + "/best.safetensors" }
    var checkpoint: String { folder + "/checkpoints/step-0000000006.safetensors" }
  }

  private static let result = Swift.Result {
    let scratch = try TemporaryFolder()
    let outcome = try launch(["train"] + options + ["--output", scratch("run"), "--json"])
    return Result(scratch: scratch, outcome: outcome)
  }

  /// The run, done once.
  static func done() throws -> Result {
    let result = try result.get()
    try #require(result.outcome.succeeded, "\(result.outcome)")
    return result
  }
}
