import Foundation
import Glibc
import TestSupport
import Testing

@testable import launcher

/// `launcher verify --resume`, which starts and kills runs by itself.
@Suite(.serialized)
struct ResumeProofTests {
  private static let mpirun =
    MPIRun.isMPICH ? "mpiexec.hydra -n 2" : "mpirun --allow-run-as-root --oversubscribe -n 2"
  private static let proof = ["verify", "--resume", "--precision", "f32", "--threads", "1", "--json"]

  /// Starts the proof with a folder for temporary files that must be empty afterwards.
  private func prove(_ arguments: [String]) throws -> MPIRun.Outcome {
    let scratch = try TemporaryFolder()
    let outcome = try launch(Self.proof + arguments, environment: ["TMPDIR": scratch.path])
    // Open MPI leaves a folder of its own there where a rank is killed.
    #expect(try scratch.names(in: "").filter { $0.hasPrefix("unmix-") }.isEmpty, "\(outcome)")
    return outcome
  }

  @Test(arguments: [
    (["--kill-seed", "1"], 1), (["--kill-seed", "2", "--kills", "2"], 2), (["--launch", mpirun], 1),
    (["--launch", mpirun, "--slices", "2", "--steps", "40"], 1),
  ])
  func aKilledAndResumedRunPasses(arguments: [String], kills: Int) throws {
    let outcome = try prove(arguments)
    #expect(outcome.succeeded, "\(outcome)")
    let report = try outcome.json()
    let (whole, resumed) = (report["sha256_uninterrupted"] as? String, report["sha256_resumed"] as? String)
    #expect(report["passed"] as? Bool == true && whole?.count == 64 && whole == resumed, "\(outcome)")
    let places = try #require(report["kills"] as? [[String: Int]])
    #expect(places.count == kills && outcome.mentions("killed at about step") == kills, "\(outcome)")
    for place in places { #expect(try #require(place["resumed_from"]) >= 3, "\(outcome)") }
  }

  @Test
  func aRunThatFailsIsSaidWithItsStatus() throws {
    let outcome = try prove(["--data", "/no/such/folder"])
    #expect(outcome.exitCode == 66 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(outcome.standardError.contains("/no/such/folder"))
    let missing = try prove(["--launch", "/no/such/launcher -n 2"])
    #expect(missing.exitCode == 71 && missing.standardError.contains("/no/such/launcher"), "\(missing)")
  }

  @Test
  func aFolderForTemporaryFilesThatIsNotThereIsNamed() throws {
    let outcome = try launch(Self.proof, environment: ["TMPDIR": "/no/such/folder"])
    #expect(outcome.exitCode == 74 && outcome.mentions("cannot create: No such file or directory") == 1, "\(outcome)")
    #expect(outcome.standardError.split(separator: "\n").count == 1, "\(outcome)")
  }

  /// Neither the run that it started nor the files of it stay behind.
  @Test(arguments: [SIGTERM, SIGINT])
  func aProofThatIsAskedToEndLeavesNothing(number: Int32) throws {
    let scratch = try TemporaryFolder()
    let long = ["--steps", "100000", "--base-channels", "4"]
    let running = try launcher(Self.proof + long, environment: ["TMPDIR": scratch.path]).start()
    #expect(running.waits { !$0.children(named: "launcher").isEmpty })
    usleep(500_000)
    let children = running.children(named: "launcher")
    #expect(!children.isEmpty)
    running.signal(number)
    let outcome = running.wait()
    #expect(outcome.exitCode == 128 + number && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(RunningProgram.areGone(children))
    #expect(try scratch.names(in: "").filter { $0.hasPrefix("unmix-") }.isEmpty)
  }

  @Test
  func ranksCannotStartIt() throws {
    let outcome = try launch(Self.proof, ranks: 2)
    #expect(outcome.exitCode == 64 && outcome.mentions("start it alone") == 1, "\(outcome)")
  }

  /// Steps to kill at are distinct, come after a checkpoint and leave the run a third of its steps.
  @Test(arguments: 0..<20)
  func theStepsToKillAtFollowFromTheSeed(seed: Int) {
    let proof = ResumeProof(options: [], launch: [], steps: 60, kills: 5, seed: UInt64(seed))
    let steps = proof.killSteps
    #expect(steps == proof.killSteps && steps.count == 5 && steps == Set(steps).sorted())
    #expect(steps.allSatisfy { $0 >= proof.interval && $0 < 40 })
    #expect(steps != ResumeProof(options: [], launch: [], steps: 60, kills: 5, seed: UInt64(seed + 1)).killSteps)
  }
}
