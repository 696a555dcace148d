import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import Training
@testable import launcher

/// What becomes of results that nobody reads or that cannot be written.
struct OutputTests {
  private static let launcher = MPIRun.builtProducts + "/launcher"

  private func shell(_ script: String, folder: String? = nil) throws -> MPIRun.Outcome {
    try MPIRun("/bin/bash", ["-c", script], ranks: nil, environment: ["UNMIX_DATA": ""], folder: folder).run()
  }

  @Test(arguments: [
    "info --json", "reference man", "submit slurm --dry-run", "checkpoint list --json CHECKPOINT", "--help",
  ])
  func aResultThatCannotBeWrittenIsAFailure(arguments: String) throws {
    let arguments = arguments.replacingOccurrences(of: "CHECKPOINT", with: Fixtures.checkpointOfVersion1)
    let outcome = try shell("\(Self.launcher) \(arguments) > /dev/full")
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.mentions("launcher: standard output: cannot write: No space left on device") == 1, "\(outcome)")
  }

  @Test
  func aReaderThatHasEnoughEndsAListQuietly() throws {
    let outcome = try shell("\(Self.launcher) reference markdown | head -n 1")
    #expect(outcome.succeeded && outcome.standardOutput == "# The command line\n", "\(outcome)")
    #expect(outcome.standardError.isEmpty, "\(outcome)")
  }

  /// A training whose lines nobody reads any more goes on to its last checkpoint.
  @Test(arguments: ["", "supervise -- LAUNCHER"])
  func aReaderThatGoesAwayEndsNoTraining(supervisor: String) throws {
    let scratch = try TemporaryFolder()
    let arguments = TinyRun.options.joined(separator: " ")
    let words = supervisor.replacingOccurrences(of: "LAUNCHER", with: Self.launcher)
    let script = """
      { \(Self.launcher) \(words) train \(arguments) --output run 2>&1; echo $? > status; } | head -n 1
      """
    let outcome = try shell(script, folder: scratch.path)
    #expect(try String(contentsOfFile: scratch("status"), encoding: .utf8) == "0\n", "\(outcome)")
    #expect(try CheckpointFolder(scratch("run/checkpoints")).steps().last == 6, "\(outcome)")
  }

  @Test
  func anErrorThatNobodyKnowsIsAMistakeOfTheProgram() {
    struct Unknown: Error {}
    #expect(ExitStatus(Unknown()) == .internal && ExitStatus(CocoaError(.fileNoSuchFile)) == .internal)
    #expect(ExitStatus(ValidationError("")) == .usage && ExitStatus(CleanExit.message("")) == .done)
  }
}
