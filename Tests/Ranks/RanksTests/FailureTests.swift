import Foundation
import TestSupport
import Testing

extension RanksTests {
  /// The lines of `outcome` that the program itself wrote about a failure.
  private func failureLines(_ outcome: MPIRun.Outcome) -> [String] {
    outcome.standardError.split(whereSeparator: \.isNewline).map(String.init).filter { $0.hasPrefix("RankChecks:") }
  }

  @Test(arguments: [(ranks: 1, rank: 0), (2, 1), (4, 0), (4, 3)])
  func aThrowingRankEndsTheJobWithOneLine(ranks: Int, rank: Int) throws {
    let outcome = try MPIRun("RankChecks", ["throw", "\(rank)"], ranks: ranks).run()
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.duration < .seconds(20), "\(outcome)")
    let host = ProcessInfo.processInfo.hostName
    #expect(
      failureLines(outcome) == ["RankChecks: rank \(rank) of \(ranks) on \(host): step 12: the disk is full"])
  }

  @Test(arguments: [1, 2, 3, 4])
  func anErrorThrownPastPendingReductionsIsTheOneReported(ranks: Int) throws {
    let outcome = try MPIRun("RankChecks", ["throw-pending", "\(ranks - 1)"], ranks: ranks).run()
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.duration < .seconds(20), "\(outcome)")
    let lines = failureLines(outcome)
    #expect(lines.count == 1 && lines[0].hasSuffix(": step 13: the loss is not finite"), "\(outcome)")
  }

  /// MPICH 4.0 completes nonblocking sums of different lengths without a word.
  static let mismatchesThatMPISees = ["broadcast", "sum"] + (MPIRun.isMPICH ? [] : ["pending-sum"])

  @Test(arguments: mismatchesThatMPISees)
  func ranksThatDisagreeOnALengthGetMPIsError(call: String) throws {
    let outcome = try MPIRun("RankChecks", ["mismatch-\(call)"], ranks: 2).run()
    #expect(outcome.exitCode == 71, "\(outcome)")
    let line = try #require(failureLines(outcome).first { $0.contains("runcate") }, "\(outcome)")
    #expect(line.contains(" of 2 on ") && line.contains("MPI_") && line.contains(" failed: "), "\(line)")
  }

  @Test(arguments: ["die", "die-in-sums"])
  func aKilledRankEndsTheJob(check: String) throws {
    let outcome = try MPIRun("RankChecks", [check, "1"], ranks: 3).run()
    #expect(outcome.exitCode != 0 && !outcome.timedOut && failureLines(outcome).isEmpty, "\(outcome)")
    #expect(outcome.duration < .seconds(20), "\(outcome)")
  }

  @Test
  func anOrderlyExitCodeReachesTheCaller() throws {
    let outcome = try MPIRun("RankChecks", ["exit", "75"], ranks: 2).run()
    #expect(outcome.exitCode == 75, "\(outcome)")
  }

  @Test
  func aHangIsKilledWithAllItsProcesses() throws {
    let run = try MPIRun("RankChecks", ["hang", "1"], ranks: 2).start()
    #expect(run.waits { $0.standardOutputSoFar.contains("rank 1 hangs") })
    let processes = (0..<2).compactMap { run.process(ofRank: $0) }
    #expect(processes.count == 2)
    run.limit = .zero
    let outcome = run.wait()
    #expect(outcome.timedOut && !outcome.succeeded, "\(outcome)")
    #expect(RunningProgram.areGone(processes))
  }
}
