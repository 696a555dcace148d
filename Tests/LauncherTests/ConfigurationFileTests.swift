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
    ("epochs: [1, 2]\n", "epochs", 64), ("config: other.yaml\n", "config", 64), ("help: true\n", "help", 64),
    ("json: true\n", "json", 64), ("[1, 2\n", "YAML", 65), ("just a text\n", "YAML", 65),
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
