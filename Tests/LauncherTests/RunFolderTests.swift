import Foundation
import Glibc
import TestSupport
import Testing

/// What may happen to a run's folder while it trains.
@Suite(.serialized)
struct RunFolderTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  /// Faults as FileFaults.h describes them, on calls under `place` of the run.
  private func faults(
    under place: String = "checkpoints", at call: Int, times: Int, only name: String, error: Int32
  ) -> [String: String] {
    MPIRun.fileFaults(under: scratch("run/" + place), at: call, times: times, only: name, error: error)
  }

  private var run: [String] { TinyRun.options + ["--output", scratch("run")] }

  private func goodSteps() throws -> [Int] {
    let outcome = try launch(["checkpoint", "list", scratch("run"), "--json"])
    let entries = try #require(try outcome.json()["checkpoints"] as? [[String: Any]], "\(outcome)")
    return entries.compactMap { $0["good"] as? Bool == true ? $0["step"] as? Int : nil }
  }

  @Test
  func aFolderInUseIsRefused() throws {
    let endless =
      TinyRun.network + [
        "--recipe", "notebook", "--data", "synthetic", "--epochs", "1000", "--steps-per-epoch", "200",
        "--validation-steps", "1", "--rounds",
        "0",
        "--output", scratch("run"),
      ]
    let first = try launcher(endless).start()
    let isRunning = first.waits { _ in (try? scratch.names(in: "run").contains("config.yaml")) == true }
    let second = try launch(run)
    first.signal(SIGTERM)
    let end = first.wait()
    #expect(isRunning && end.exitCode == 75, "\(end)")
    #expect(second.exitCode == 64 && second.mentions("launcher: ") == 1, "\(second)")
    for text in ["\(scratch("run")): in use by process \(first.processIdentifier) on ", "give another --output"] {
      #expect(second.standardError.contains(text), "\(text): \(second)")
    }
    // Free again after the first one's end.
    let third = try launch(endless + ["--epochs", "1"])
    #expect(third.exitCode != 64, "\(third)")
  }

  /// A list that a file server cuts short would hide checkpoints.
  @Test
  func aFolderThatCannotBeListedIsNotTakenForAnEmptyOne() throws {
    #expect(try launch(run).succeeded)
    let refused = try launch(run, environment: faults(at: 1, times: 1, only: "readdir", error: EIO))
    #expect(refused.exitCode == 74 && refused.standardError.contains("Input/output error"), "\(refused)")
    #expect(refused.mentions("resume point") == 0, "\(refused)")
  }

  @Test
  func aRunThatWasKilledGivesItsFolderBack() throws {
    let killed = try launch(run, environment: faults(at: 7, times: 1, only: "", error: 0))
    #expect(killed.exitCode == 128 + SIGKILL, "\(killed)")
    let again = try launch(run)
    #expect(again.succeeded && again.standardError.contains("ended without releasing"), "\(again)")
  }

  @Test
  func aDiskThatRefusesForAMomentLosesNothing() throws {
    // Each checkpoint flushes its file and its folder. The last one fails once, and the end of the run waits for it.
    let outcome = try launch(run, environment: faults(at: 3, times: 1, only: "fsync", error: ENOSPC))
    #expect(outcome.succeeded && outcome.standardError.contains("checkpoints: 2 written"), "\(outcome)")
    #expect(try goodSteps() == [3, 6])
  }

  @Test
  func aCheckpointThatIsTriedAgainGivesWayToTheNext() throws {
    // The first one's attempt and that of the second, for whose next attempt the third waits.
    let outcome = try launch(
      run + ["--checkpoint-every", "1", "--keep", "9"], environment: faults(at: 1, times: 2, only: "write", error: EIO))
    #expect(outcome.succeeded && outcome.standardError.contains("checkpoints: 5 written"), "\(outcome)")
    #expect(outcome.standardError.contains("Input/output error; step 1 is not saved; training goes on"), "\(outcome)")
    #expect(outcome.standardError.contains("step 2 is saved again") && outcome.mentions("is not saved") == 1)
    #expect(try goodSteps() == [2, 3, 4, 5, 6])
  }

  @Test
  func metricsAndWeightsSurviveADiskThatRefusesForAMoment() throws {
    let metrics = try launch(
      run, environment: faults(under: "metrics.csv", at: 1, times: 1, only: "write", error: ENOSPC))
    #expect(
      metrics.succeeded && metrics.standardError.contains("what could not be written is added as soon as it can be"),
      "\(metrics)")
    let lines = try String(contentsOfFile: scratch("run/metrics.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.map { $0.prefix(4) } == ["epoc", "1,3,", "2,6,"])
    let weights = try launch(run, environment: faults(under: ".best", at: 1, times: 1, only: "fsync", error: ESTALE))
    #expect(weights.succeeded && weights.standardError.contains("best.safetensors: cannot write: Stale"), "\(weights)")
  }

  @Test(arguments: [nil, 2])
  func aDiskThatStaysReadOnlyEndsTheRunWhileTheLastCheckpointStays(ranks: Int?) throws {
    let options = run + ["--checkpoint-every", "1"]
    // A checkpoint opens one file: the first two are written, the next two are not.
    let outcome = try launch(
      options, ranks: ranks, environment: faults(at: 3, times: 1000, only: "open", error: EROFS))
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.standardError.contains("step 3 is not saved; training goes on"), "\(outcome)")
    #expect(outcome.standardError.contains("Read-only file system"), "\(outcome)")
    #expect(outcome.standardError.contains("to go on from step 2"), "\(outcome)")
    #expect(try goodSteps() == [1, 2])
    let again = try launch(options, ranks: ranks)
    #expect(again.succeeded && again.standardError.contains("step 2, 0 epochs complete"), "\(again)")
  }

  @Test
  func oneRefusalIsReportedAndTheRunGoesOn() throws {
    let outcome = try launch(
      run + ["--checkpoint-every", "1"], environment: faults(at: 3, times: 1, only: "rename", error: EACCES))
    #expect(outcome.succeeded && outcome.standardError.contains("Permission denied; step 3 is not saved"), "\(outcome)")
    #expect(try goodSteps() == [4, 5, 6])
  }

  /// Somebody removes what the report is made from while the run goes on.
  @Test
  func aRunWithoutAReportIsStillDone() throws {
    let options =
      TinyRun.network + [
        "--data", "synthetic", "--threads", "1", "--epochs", "4", "--steps-per-epoch", "500", "--validation-steps", "2",
        "--rounds", "0", "--output", scratch("run"),
      ]
    let running = try launcher(["train"] + options).start()
    let events = scratch("run/metrics.jsonl")
    let hasBegun = running.waits { _ in
      (try? String(contentsOfFile: events, encoding: .utf8))?.contains("\"steps\"") == true
    }
    try FileManager.default.removeItem(atPath: events)
    let outcome = running.wait()
    #expect(hasBegun && outcome.succeeded, "\(outcome)")
    #expect(outcome.mentions("report.html is not written") == 1, "\(outcome)")
    #expect(try goodSteps().last == 2000)
  }

  @Test
  func aLinkInThePlaceOfWhatARunWritesIsRefused() throws {
    for name in ["checkpoints", "log.txt", "tensorboard"] {
      let folder = try TemporaryFolder()
      try FileManager.default.createDirectory(atPath: folder("elsewhere"), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: folder(name), withDestinationPath: folder("elsewhere"))
      let outcome = try launch(TinyRun.options + ["--output", folder.path])
      #expect(outcome.exitCode == 74 && outcome.standardError.contains("symbolic link: remove it"), "\(outcome)")
      #expect(try outcome.standardError.contains(folder(name)) && folder.names(in: "elsewhere").isEmpty, "\(outcome)")
    }
  }

  @Test
  func aRunOfTheFirstFormatGoesOn() throws {
    let checkpoints = scratch("run/checkpoints")
    try FileManager.default.createDirectory(atPath: checkpoints, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Fixtures.checkpointOfVersion1, toPath: checkpoints + "/step-0000000003.safetensors")
    let outcome = try launch([
      "train", "--recipe", "notebook", "--base-channels", "1", "--blocks", "1", "--convolutions-per-block", "1",
      "--data", "synthetic",
      "--precision", "f32", "--threads", "1", "--epochs", "2", "--steps-per-epoch", "3", "--validation-steps", "1",
      "--rounds", "0", "--global-batch", "4", "--output", scratch("run"),
    ])
    #expect(outcome.succeeded && outcome.mentions("step 3, 1 epochs complete") == 1, "\(outcome)")
    #expect(try goodSteps() == [3, 6])
  }
}
