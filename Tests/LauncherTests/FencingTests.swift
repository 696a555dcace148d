import Foundation
import Glibc
import TestSupport
import Testing

/// Two starts of one batch job on one run folder.
struct FencingTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  private func start(_ count: Int, epochs: Int) -> MPIRun {
    launcher(
      TinyRun.network + TinyRun.evaluation + [
        "--data", "synthetic", "--precision", "f32", "--threads", "1", "--steps-per-epoch", "40",
        "--validation-steps", "1", "--checkpoint-every", "20", "--epochs", "\(epochs)", "--output", scratch("run"),
      ],
      environment: ["SLURM_JOB_ID": "17", "SLURM_RESTART_COUNT": "\(count)"])
  }

  /// Every file of the run folder with its content.
  private func files() throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for folder in ["run", "run/checkpoints", "run/tensorboard"] {
      for name in try scratch.names(in: folder) where !["checkpoints", "tensorboard"].contains(name) {
        files["\(folder)/\(name)"] = try scratch.bytes("\(folder)/\(name)")
      }
    }
    return files
  }

  /// As when its node was cut off and comes back: it is suspended in the middle of its run, and goes on after the other's end.
  @Test
  func aStartThatComesBackWritesNothing() throws {
    let old = try start(0, epochs: 100_000).start()
    let isGoing = old.waits { _ in
      (try? scratch.names(in: "run/checkpoints").contains { $0.hasSuffix("tensors") }) == true
    }
    old.signal(SIGSTOP)
    let new = try start(1, epochs: 1000).start()
    let hasTakenOver = new.waits { $0.standardErrorSoFar.contains("resume point") }
    let before = try files()
    // Both alive, the old one is awake in the middle of the new one's run.
    old.signal(SIGCONT)
    let oldEnd = old.wait()
    new.signal(SIGTERM)
    let newEnd = new.wait()
    #expect(isGoing && hasTakenOver && before.count > 3)
    #expect(oldEnd.exitCode == 73 && oldEnd.mentions("launcher: ") == 1, "\(oldEnd)")
    #expect(oldEnd.standardError.contains("taken over by process \(new.processIdentifier) on "), "\(oldEnd)")
    #expect(oldEnd.standardError.contains("start 1 of Slurm job 17; this run, its generation 1, ends"), "\(oldEnd)")
    #expect(newEnd.exitCode == 75 && newEnd.standardError.contains("taken over from an earlier start"), "\(newEnd)")

    // Nor does it begin anew.
    let after = try files()
    let again = try start(0, epochs: 1).run()
    #expect(again.exitCode == 73 && again.standardError.contains("given up this start of the job"), "\(again)")
    #expect(try files() == after)
  }

  /// mpirun is suspended and so ends nobody, like an srun that is cut off from Slurm: the ranks hear of the end from each other.
  @Test
  func noRankStaysBehindWhereAbortDoesNotReachIt() throws {
    let run = try launcher(
      TinyRun.network + [
        "--data", "synthetic", "--threads", "1", "--epochs", "100000", "--steps-per-epoch", "40", "--validation-steps",
        "1", "--checkpoint-every", "20", "--rounds", "0", "--output", scratch("run"),
      ], ranks: 3
    ).start()
    let isGoing = run.waits { _ in
      (try? scratch.names(in: "run/checkpoints").contains { $0.hasSuffix("tensors") }) == true
    }
    let ranks = (0..<3).compactMap { run.process(ofRank: $0) }
    run.signal(SIGSTOP)
    let lock = String(decoding: try scratch.bytes("run/lock"), as: UTF8.self)
    try scratch.write(lock.replacingOccurrences(of: "\"token\":\"", with: "\"token\":\"0"), to: "run/lock")
    let areGone = RunningProgram.areGone(ranks, within: .seconds(25))
    run.signal(SIGCONT)
    let outcome = run.wait()
    #expect(isGoing && ranks.count == 3 && areGone, "\(outcome)")
    #expect(outcome.exitCode != 0 && outcome.standardError.contains("ends without writing there"), "\(outcome)")
  }
}
