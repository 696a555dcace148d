import Foundation
import Glibc
import TestSupport
import Testing

@testable import Training

/// Requests to stop, as real signals to real ranks: exit code 75 and a checkpoint that goes on as if nothing had been.
@Suite(.serialized)
struct StoppingTests {
  private static let network = TinyRun.network + ["--data", "synthetic", "--precision", "f32", "--threads", "1"]

  /// A run whose training never ends by itself.
  private static func endless(_ output: String) -> [String] {
    network + [
      "--epochs", "1000", "--steps-per-epoch", "200", "--validation-steps", "1", "--rounds", "0", "--checkpoint-every",
      "5", "--output", output,
    ]
  }

  private func hasCheckpoint(_ scratch: TemporaryFolder) -> Bool {
    (try? scratch.names(in: "run/checkpoints").contains { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }) == true
  }

  /// Starts `arguments`, signals it once `condition` holds, and returns how it ended.
  private func stop(
    _ arguments: [String], ranks: Int?, with number: Int32, when condition: (RunningProgram) -> Bool
  ) throws -> MPIRun.Outcome {
    let running = try launcher(arguments, ranks: ranks).start()
    let held = running.waits(until: condition)
    running.signal(number)
    let outcome = running.wait()
    #expect(held, "\(outcome)")
    return outcome
  }

  private func newest(_ scratch: TemporaryFolder) throws -> Checkpoint {
    try #require(try CheckpointFolder(scratch("run/checkpoints")).newestGood { Issue.record("\($0)") })
  }

  @Test
  func fourRanksStopAfterTheSameStep() throws {
    let scratch = try TemporaryFolder()
    let outcome = try stop(Self.endless(scratch("run")), ranks: 4, with: SIGUSR1) { _ in hasCheckpoint(scratch) }
    #expect(outcome.exitCode == 75 && outcome.mentions("asked to stop (SIGUSR1): step ") == 1, "\(outcome)")
    let step = try newest(scratch).state.step
    #expect(outcome.standardError.contains("step \(step) is saved"), "\(outcome)")
    #expect(outcome.standardOutput.contains("steps") && outcome.standardOutput.contains("\(step)"), "\(outcome)")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGUSR2, SIGXCPU])
  func everyUsualSignalStopsOneProcess(number: Int32) throws {
    let scratch = try TemporaryFolder()
    let outcome = try stop(Self.endless(scratch("run")), ranks: nil, with: number) { _ in hasCheckpoint(scratch) }
    #expect(outcome.exitCode == 75, "\(outcome)")
  }

  @Test
  func aSignalOfOneRankStopsAll() throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.endless(scratch("run")), ranks: 3).start()
    #expect(running.waits { _ in hasCheckpoint(scratch) })
    kill(try #require(running.process(ofRank: 2)), SIGUSR2)
    let outcome = running.wait()
    #expect(outcome.exitCode == 75, "\(outcome)")
    #expect(outcome.standardError.contains("asked to stop: step \(try newest(scratch).state.step) is saved"))
  }

  @Test
  func aSignalThatIsNotListenedToEndsTheProcess() throws {
    let scratch = try TemporaryFolder()
    let outcome = try stop(
      Self.endless(scratch("run")) + ["--stop-signals", "USR1,HUP"], ranks: nil, with: SIGUSR2
    ) { _ in hasCheckpoint(scratch) }
    #expect(outcome.exitCode == 128 + SIGUSR2, "\(outcome)")
    let heard = try stop(
      Self.endless(scratch("run")) + ["--stop-signals", "USR1,HUP"], ranks: nil, with: SIGHUP
    ) { $0.standardErrorSoFar.contains("resume point") }
    #expect(heard.exitCode == 75, "\(heard)")
  }

  /// What `supervise` says to every start of a run: a limit that has passed since then has passed for a restart too.
  @Test
  func theTimeLimitCountsFromTheStartOfTheSupervisor() throws {
    let scratch = try TemporaryFolder()
    let limited = TinyRun.options + ["--time-limit", "100s", "--stop-before", "1s", "--output", scratch("run")]
    let since = Int(Date().timeIntervalSince1970) - 100
    let outcome = try launch(limited, environment: ["UNMIX_SUPERVISED_SINCE": "\(since)"])
    #expect(
      outcome.exitCode == 75 && outcome.standardError.contains("before the time limit of --time-limit"), "\(outcome)")
    #expect(try launch(limited).succeeded)
  }

  /// Open MPI's mpirun gives its ranks about two seconds and returns 1 whatever they do; README tells users to send SIGUSR1.
  @Test
  func sigtermToMpirunItselfTearsNothing() throws {
    let scratch = try TemporaryFolder()
    let outcome = try stop(Self.endless(scratch("run")), ranks: 2, with: SIGTERM) { _ in hasCheckpoint(scratch) }
    #expect(MPIRun.isMPICH || outcome.exitCode == 1, "\(outcome)")
    let step = try newest(scratch).state.step
    let resumed = try stop(Self.endless(scratch("run")), ranks: 2, with: SIGUSR1) {
      $0.standardErrorSoFar.contains("resume point: ")
    }
    #expect(resumed.exitCode == 75 && resumed.standardError.contains("step \(step), "), "\(resumed)")
  }

  /// Rank 1 is stopped in the middle of a step, so that rank 0 cannot meet the first request before the second comes.
  @Test
  func aSecondSignalEndsAtOnceAndTearsNothing() throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.endless(scratch("run")), ranks: 2).start()
    #expect(running.waits { _ in hasCheckpoint(scratch) })
    let ranks = try (0..<2).map { try #require(running.process(ofRank: $0)) }
    kill(ranks[1], SIGSTOP)
    usleep(300_000)
    kill(ranks[0], SIGTERM)
    usleep(1_200_000)
    #expect(kill(ranks[0], 0) == 0, "the first request ended it")
    kill(ranks[0], SIGTERM)
    let start = ContinuousClock.now
    let outcome = running.wait()
    #expect(outcome.exitCode == 128 + SIGTERM && start.duration(to: .now) < .seconds(10), "\(outcome)")
    let step = try newest(scratch).state.step
    #expect(step >= 5 && step.isMultiple(of: 5))
  }

  @Test
  func theSameRequestOnTwoWaysIsOne() throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.endless(scratch("run")), ranks: nil).start()
    #expect(running.waits { _ in hasCheckpoint(scratch) })
    running.signal(SIGUSR1)
    running.signal(SIGTERM)
    let outcome = running.wait()
    #expect(outcome.exitCode == 75, "\(outcome)")
  }

  @Test(arguments: [nil, 2])
  func aRequestDuringTheStartStopsBeforeAnythingIsLost(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.endless(scratch("run")), ranks: ranks).start()
    #expect(
      running.waits { running in
        guard let ranks else { return Self.listens(running.processIdentifier) }
        return (0..<ranks).allSatisfy { running.process(ofRank: $0).map(Self.listens) == true }
      })
    running.signal(SIGUSR1)
    let outcome = running.wait()
    #expect(outcome.exitCode == 75, "\(outcome)")
  }

  /// Whether the process catches SIGUSR1, by its line in /proc.
  private static func listens(_ process: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
    return mask & 1 << UInt64(SIGUSR1 - 1) != 0
  }

  /// Whether every rank shows in the process table that it validates.
  private static func validates(_ running: RunningProgram, ranks: Int?) -> Bool {
    let processes = ranks.map { (0..<$0).map { running.process(ofRank: $0) } } ?? [running.processIdentifier]
    return processes.allSatisfy {
      $0.map { (try? String(contentsOfFile: "/proc/\($0)/comm", encoding: .utf8)) == "launcher:valid\n" } == true
    }
  }

  @Test(arguments: [nil, 2])
  func aRequestInValidationIsMetThere(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    func run(_ name: String, validationSteps: Int) -> [String] {
      Self.network + [
        "--epochs", "2", "--steps-per-epoch", "4", "--rounds", "0", "--checkpoint-every", "2", "--output",
        scratch(name),
        "--validation-steps", "\(validationSteps)",
      ]
    }
    // Validation takes minutes: the second checkpoint of the epoch comes only after it.
    let running = try launcher(run("run", validationSteps: 500_000), ranks: ranks).start()
    #expect(running.waits { Self.validates($0, ranks: ranks) })
    running.signal(SIGUSR1)
    let stopped = running.wait()
    #expect(stopped.exitCode == 75, "\(stopped)")
    let state = try newest(scratch).state
    #expect(state.step == 4 && state.epoch == 0 && state.stepInEpoch == 4, "\(state)")
  }

  @Test
  func aRunStoppedInValidationEqualsOneThatNeverStopped() throws {
    let scratch = try TemporaryFolder()
    let arguments =
      Self.network + [
        "--epochs", "2", "--steps-per-epoch", "4", "--rounds", "0", "--validation-steps", "1000",
      ]
    let whole = try launch(arguments + ["--output", scratch("whole")])
    #expect(whole.succeeded, "\(whole)")
    let stopped = try stop(arguments + ["--output", scratch("run")], ranks: nil, with: SIGUSR1) {
      $0.standardErrorSoFar.contains("resume point")
    }
    #expect(stopped.exitCode == 75, "\(stopped)")
    let resumed = try launch(arguments + ["--output", scratch("run")])
    #expect(resumed.succeeded, "\(resumed)")
    let file = "checkpoints/step-0000000008.safetensors"
    let (a, b) = (
      try Checkpoint(contentsOf: scratch("whole/\(file)")), try Checkpoint(contentsOf: scratch("run/\(file)"))
    )
    #expect(try a.weights(best: false) == b.weights(best: false) && a.weights(best: true) == b.weights(best: true))
    #expect(a.state.recipe == b.state.recipe)
    func metrics(_ name: String) throws -> [[Substring]] { try Metrics.rows(ofRun: scratch(name)) }
    #expect(try metrics("whole") == metrics("run") && metrics("run").count == 3)
  }

  @Test(arguments: [nil, 3])
  func aRequestInTheClosingEvaluationKeepsTheLastStep(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    let training =
      Self.network + [
        "--epochs", "2", "--steps-per-epoch", "3", "--validation-steps", "2", "--output", scratch("run"),
      ]
    let stopped = try stop(training + ["--rounds", "100000", "--pairs", "500"], ranks: ranks, with: SIGUSR1) { _ in
      (try? scratch.names(in: "run").contains("samples.png")) == true
    }
    #expect(stopped.exitCode == 75, "\(stopped)")
    let before = try newest(scratch)
    #expect(before.state.step == 6 && before.state.epoch == 2)
    let resumed = try launch(training + ["--rounds", "1", "--pairs", "50"], ranks: ranks)
    #expect(resumed.succeeded && resumed.standardOutput.contains("mse "), "\(resumed)")
    #expect(try before.weights(best: false) == newest(scratch).weights(best: false))
  }

  @Test
  func aTimeLimitStopsBeforeItComes() throws {
    let scratch = try TemporaryFolder()
    let options = ["--time-limit", "63s", "--stop-before", "1m"]
    let outcome = try launch(Self.endless(scratch("run")) + options, ranks: 2)
    #expect(outcome.exitCode == 75 && outcome.standardError.contains("60 s before the time limit of --time-limit"))
    #expect(outcome.duration < .seconds(30), "\(outcome)")
    let slurm = try launch(
      Self.endless(scratch("run")), environment: ["SLURM_JOB_END_TIME": "\(Int(Date().timeIntervalSince1970) + 60)"])
    #expect(slurm.exitCode == 75 && slurm.standardError.contains("limit of SLURM_JOB_END_TIME"), "\(slurm)")
  }
}
