import Foundation
import Glibc
import TestSupport
import Testing

@testable import Training

/// Ranks that stop, die or fall silent, and what the job and its supervisor make of it.
@Suite(.serialized)
struct FaultTests {
  private static func run(_ output: String, epochs: Int = 1000, steps: Int = 200) -> [String] {
    TinyRun.network + [
      "--data", "synthetic", "--precision", "f32", "--threads", "1", "--epochs", "\(epochs)", "--steps-per-epoch",
      "\(steps)", "--validation-steps", "1", "--rounds", "0", "--checkpoint-every", "5", "--output", output,
    ]
  }

  /// mpirun and this program, as words of `launcher supervise`.
  private static func mpirun(_ arguments: [String], ranks: Int) -> [String] {
    ["mpirun", "--oversubscribe", "--allow-run-as-root", "-n", "\(ranks)", MPIRun.builtProducts + "/launcher", "train"]
      + arguments
  }

  private func steps(_ scratch: TemporaryFolder) -> [Int] {
    (try? CheckpointFolder(scratch("run/checkpoints")).steps()) ?? []
  }

  @Test
  func aStoppedRankIsNamedAndTheJobEnds() throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.run(scratch("run")) + ["--stall-timeout", "5s"], ranks: 3).start()
    #expect(running.waits { _ in !steps(scratch).isEmpty })
    let ranks = (0..<3).compactMap { running.process(ofRank: $0) }
    try #require(ranks.count == 3)
    // Its status must have reached the others: they name what it did last.
    usleep(2_000_000)
    let start = ContinuousClock.now
    kill(ranks[1], SIGSTOP)
    let outcome = running.wait()
    #expect(outcome.exitCode == 71 && outcome.mentions("launcher: rank ") == 1, "\(outcome)")
    let host = ProcessInfo.processInfo.hostName
    #expect(outcome.standardError.contains("rank 1 on \(host) not heard of for "), "\(outcome)")
    // One of them may have got a message further than the other.
    let wait = outcome.standardError.contains("ranks 0, 2 on \(host) wait in collective ")
    let waitApart = [0, 2].allSatisfy { outcome.standardError.contains("rank \($0) on \(host) waits in collective ") }
    #expect(wait || waitApart, "\(outcome)")
    // The timeout and five seconds, and five more for a loaded machine.
    #expect(start.duration(to: .now) < .seconds(15), "\(outcome)")
    #expect(RunningProgram.areGone(ranks))
  }

  @Test
  func aJobThatWasSuspendedAsAWholeGoesOn() throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.run(scratch("run")) + ["--stall-timeout", "6s"], ranks: 2).start()
    #expect(running.waits { _ in !steps(scratch).isEmpty })
    let ranks = (0..<2).compactMap { running.process(ofRank: $0) }
    try #require(ranks.count == 2)
    for rank in ranks { kill(rank, SIGSTOP) }
    usleep(9_000_000)
    let before = steps(scratch).last ?? 0
    for rank in ranks { kill(rank, SIGCONT) }
    #expect(running.waits { _ in (steps(scratch).last ?? 0) > before + 20 })
    usleep(2_000_000)
    running.signal(SIGUSR1)
    let outcome = running.wait()
    #expect(outcome.exitCode == 75 && outcome.mentions("no progress") == 0, "\(outcome)")
  }

  @Test
  func aSupervisedRunSurvivesAKilledRank() throws {
    let scratch = try TemporaryFolder()
    let words = Self.mpirun(Self.run(scratch("run"), epochs: 2, steps: 150), ranks: 2)
    let running = try launcher(["supervise", "--backoff", "0", "--"] + words).start()
    #expect(running.waits { _ in !steps(scratch).isEmpty })
    kill(try #require(running.process(ofRank: 1)), SIGKILL)
    let outcome = running.wait()
    #expect(outcome.succeeded && steps(scratch).last == 300, "\(outcome)")
    #expect(outcome.mentions("supervise: the run failed with exit code ") == 1, "\(outcome)")
    #expect(outcome.standardError.contains("restart 1 of at most 10 within a day, in 0 s"), "\(outcome)")
    #expect(outcome.mentions("resume point: none") == 1 && outcome.mentions("resume point: ") == 2, "\(outcome)")
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func aRequestToTheSupervisorStopsWithACheckpoint(number: Int32) throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(["supervise", "--"] + Self.mpirun(Self.run(scratch("run")), ranks: 2)).start()
    #expect(running.waits { _ in !steps(scratch).isEmpty })
    running.signal(number)
    let outcome = running.wait()
    #expect(outcome.exitCode == 75 && outcome.mentions("the run failed") == 0, "\(outcome)")
    #expect(outcome.standardError.contains("step \(steps(scratch).last ?? -1) is saved"), "\(outcome)")
  }

  /// The shell stands for an mpirun that has not started its ranks: it takes the signal, and nobody learns of it.
  @Test
  func aRequestBeforeTheFirstRankIsNotLost() throws {
    let scratch = try TemporaryFolder()
    let mpirun = try scratch.writeProgram(
      "#!/bin/sh\ntrap : USR1\necho starting >&2\nsleep 2\nsleep 1\nexec \"$@\"\n", to: "mpirun")
    let words = [mpirun, MPIRun.builtProducts + "/launcher", "train"] + Self.run(scratch("run"))
    let running = try launcher(["supervise", "--"] + words).start()
    #expect(running.waits { $0.standardErrorSoFar.contains("starting") })
    running.signal(SIGTERM)
    let outcome = running.wait()
    #expect(outcome.exitCode == 75 && !outcome.timedOut, "\(outcome)")
    #expect(outcome.mentions("supervise: asked to stop") == 1, "\(outcome)")
  }

  @Test
  func aSupervisorGivesUpOnWhatRepeats() throws {
    let words = Self.mpirun(Self.run("/proc/no-such-folder"), ranks: 2)
    let outcome = try launch(["supervise", "--backoff", "0", "--"] + words)
    #expect(
      outcome.exitCode == 74 && outcome.mentions("supervise: the run failed with exit code 74") == 3, "\(outcome)")
    #expect(outcome.standardError.contains("not again: 3 failures in a row before the first checkpoint"), "\(outcome)")
  }

  /// What the run failed of may keep the supervisor from counting its checkpoints.
  @Test
  func aSupervisorOutlivesAFolderThatCannotBeListed() throws {
    let scratch = try TemporaryFolder()
    try scratch.write("", to: "run/checkpoints")
    let words = Self.mpirun(Self.run(scratch("run")), ranks: 1)
    let outcome = try launch(["supervise", "--backoff", "0", "--"] + words)
    #expect(
      outcome.exitCode == 74 && outcome.mentions("supervise: the run failed with exit code 74, ") == 3, "\(outcome)")
  }

  @Test
  func aSupervisorLeavesAloneWhatCannotSucceed() throws {
    let scratch = try TemporaryFolder()
    let words = Self.mpirun(Self.run(scratch("run")) + ["--data", "/no/such/folder"], ranks: 1)
    let outcome = try launch(["supervise", "--"] + words)
    #expect(outcome.exitCode == 66 && outcome.mentions("supervise:") == 0, "\(outcome)")
    let missing = try launch(["supervise", "--", "/no/such/mpirun", "launcher", "--output", scratch("run")])
    #expect(
      missing.exitCode == 64 && missing.standardError.contains("/no/such/mpirun: cannot be started"), "\(missing)")
  }

  /// Whoever starts the supervisor may have children's ends ignored: it learns of them all the same.
  @Test
  func aSupervisorKnowsAnEndThatItsParentIgnores() throws {
    let words = Self.mpirun(["--data", "/no/such/folder", "--output", "/no/such/run"], ranks: 1)
    let outcome = try MPIRun(
      "/usr/bin/env", ["--ignore-signal=CHLD", MPIRun.builtProducts + "/launcher", "supervise", "--"] + words,
      ranks: nil
    ).run()
    #expect(outcome.exitCode == 66, "\(outcome)")
  }

  /// mpirun itself hangs: nothing but the silence of rank 0 tells.
  @Test
  func aSupervisorEndsAnMpirunThatHangs() throws {
    let scratch = try TemporaryFolder()
    let words = Self.mpirun(Self.run(scratch("run")) + ["--stall-timeout", "4s"], ranks: 2)
    let running = try launcher(["supervise", "--max-restarts", "0", "--grace", "2", "--"] + words).start()
    #expect(running.waits { _ in !steps(scratch).isEmpty })
    let ranks = (0..<2).compactMap { running.process(ofRank: $0) }
    try #require(ranks.count == 2)
    usleep(1_500_000)
    let start = ContinuousClock.now
    for process in running.children(named: "mpirun") + ranks { kill(process, SIGSTOP) }
    let outcome = running.wait()
    #expect(outcome.exitCode == 71 && !outcome.timedOut, "\(outcome)")
    #expect(start.duration(to: .now) < .seconds(30), "\(outcome)")
    #expect(outcome.standardError.contains("supervise: rank 0 not heard of for 14 s"), "\(outcome)")
    #expect(RunningProgram.areGone(ranks))
  }
}
