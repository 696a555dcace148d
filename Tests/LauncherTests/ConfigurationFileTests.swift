import Foundation
import TestSupport
import Testing

struct ConfigurationFileTests {
  @Test
  func flagsWinOverTheFile() throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write("epochs: 1\nsteps-per-epoch: 4\nseed: 7\nlearning-rate: 1e-3\n", to: "c.yaml")
    let outcome = try launch(
      TinyRun.network + [
        "--data", "synthetic", "--validation-steps", "1", "--rounds", "0", "--config", file, "--steps-per-epoch", "2",
        "--output", scratch("run"), "--json",
      ])
    #expect(outcome.succeeded, "\(outcome)")
    let summary = try outcome.json()
    #expect(summary["epochs"] as? Int == 1 && summary["steps"] as? Int == 2, "\(outcome)")
    let written = try String(contentsOfFile: scratch("run/config.yaml"), encoding: .utf8)
    #expect(written.contains("\nseed: 7\n"))
  }

  @Test
  func aRunsOwnFileGivesTheSameRun() throws {
    let scratch = try TemporaryFolder()
    let run = try TinyRun.done()
    let outcome = try launch([
      "--config", run.folder + "/config.yaml", "--output", scratch("again"), "--json",
    ])
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == run.outcome.standardOutput)
  }

  @Test(arguments: [
    ("no-such-option: 3\n", "no-such-option", 64), ("epochs: 0\n", "epochs", 64), ("epochs: many\n", "epochs", 64),
    ("epochs: [1, 2]\n", "epochs", 64), ("config: other.yaml\n", "config", 64),
    ("help: true\n", "help: Unknown option '--help'", 64),
    ("json: maybe\n", "json", 64), ("generate-completion-script: bash\n", "generate-completion-script", 64),
    ("[1, 2\n", "YAML", 65), ("just a text\n", "YAML", 65),
  ])
  func aBadEntryIsNamedWithItsFile(text: String, named: String, status: Int32) throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write(text, to: "c.yaml")
    let outcome = try launch(["train", "--config", file], folder: scratch.path)
    #expect(outcome.exitCode == status, "\(outcome)")
    #expect(
      outcome.standardError.hasPrefix("launcher: \(file): ") && outcome.standardError.contains(named), "\(outcome)")
    #expect(outcome.standardError.split(separator: "\n").count == 1, "\(outcome)")
  }

  /// A decay of 150 is too much for the usual learning rate, not for the file's.
  @Test
  func entriesAreJudgedTogether() throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write("weight-decay: 150\nlearning-rate: 0.001\n", to: "c.yaml")
    let outcome = try launch(["--config", file, "--data", "/no/such/folder"])
    #expect(outcome.exitCode == 66 && outcome.standardError.contains("/no/such/folder"), "\(outcome)")
    let alone = try scratch.write("weight-decay: 150\n", to: "d.yaml")
    let refused = try launch(["--config", alone])
    #expect(refused.exitCode == 64 && refused.standardError.contains("\(alone): weight-decay: "), "\(refused)")
  }

  /// What a flag wins over, and what the file adds to the flags, is judged after both.
  @Test(arguments: [
    ("epochs: 100\n", ["--warm-up", "40000"]), ("warm-up: 40000\n", ["--epochs", "100"]),
    ("epochs: 0\n", ["--epochs", "2"]), ("stop-before: 10s\n", ["--time-limit", "1m"]),
    ("json: true\ncheck-collectives: false\n", []),
  ])
  func fileAndFlagsAreJudgedTogether(text: String, flags: [String]) throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write(text, to: "c.yaml")
    let outcome = try launch(["--config", file, "--data", "/no/such/folder"] + flags)
    #expect(outcome.exitCode == 66 && outcome.standardError.contains("/no/such/folder"), "\(outcome)")
  }

  @Test(arguments: [
    ("epochs: 1\n", ["--warm-up", "40000"], "--warm-up: 40000 steps are not fewer than the run's 1687"),
    ("warm-up: 1000\n", ["--epochs", "1", "--steps-per-epoch", "10"], "--warm-up: 1000 steps"),
    ("stop-before: 1m\n", ["--time-limit", "30s"], "--time-limit: 30s"),
    ("epochs: 1\n", ["--output", ""], "--output: empty"),
  ])
  func whatDoesNotFitTogetherIsOneLine(text: String, flags: [String], message: String) throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write(text, to: "c.yaml")
    let outcome = try launch(["train", "--config", file] + flags, folder: scratch.path)
    #expect(outcome.exitCode == 64 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(outcome.standardError.hasPrefix("launcher: with --config \(file): \(message)"), "\(outcome)")
    #expect(outcome.standardError.split(separator: "\n").count == 1, "\(outcome)")
  }

  @Test
  func aFlagOfTheFileIsSet() throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write("json: true\nepochs: 1\nsteps-per-epoch: 2\n", to: "c.yaml")
    let outcome = try launch(
      TinyRun.network + [
        "--data", "synthetic", "--validation-steps", "1", "--rounds", "0", "--config", file, "--output", scratch("run"),
      ])
    #expect(try outcome.json()["steps"] as? Int == 2, "\(outcome)")
  }

  /// Examples/run.yaml is a good file: its run is the one it describes.
  @Test
  func theCommittedExampleIsRead() throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      TinyRun.network + [
        "--config", Fixtures.root + "/Examples/run.yaml", "--data", "synthetic", "--epochs", "1", "--steps-per-epoch",
        "2",
        "--validation-steps", "1", "--rounds", "0", "--output", scratch("run"),
      ])
    #expect(outcome.succeeded, "\(outcome)")
    let written = try String(contentsOfFile: scratch("run/config.yaml"), encoding: .utf8)
    #expect(written.contains("\ncheckpoint-every: 500\n") && written.contains("\nkeep: 3\n"))
  }

  @Test
  func anEmptyFileChangesNothing() throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write("", to: "c.yaml")
    let outcome = try launch(["--config", file, "--data", "/no/such/folder"])
    #expect(outcome.exitCode == 66, "\(outcome)")
  }
}
