import TestSupport
import Testing

extension RanksTests {
  /// Nil: one process without mpirun.
  static let rankCounts: [Int?] = [nil, 1, 2, 3, 4]

  @Test(arguments: rankCounts)
  func everyCollectiveGivesTheClosedFormAnswer(ranks: Int?) throws {
    let outcome = try MPIRun("RankChecks", ["collectives"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == "passed on \(ranks ?? 1) ranks\n")
  }

  /// Rank 0 has one core for two ranks and gives it away while it waits, rank 1 has them all: under MPICH it spins.
  @Test
  func ranksThatWaitInDifferentWaysMeet() throws {
    let starter = MPIRun.isMPICH ? "mpiexec.hydra" : "mpirun --oversubscribe --allow-run-as-root --bind-to none"
    let program = MPIRun.builtProducts + "/RankChecks"
    let script = """
      core=$(taskset -cp $$ | sed 's/.*: //; s/[^0-9].*//')
      exec \(starter) -n 1 taskset -c "$core" \(program) collectives : -n 1 \(program) collectives
      """
    let outcome = try MPIRun("/bin/sh", ["-c", script], ranks: nil).run()
    #expect(outcome.succeeded && outcome.standardOutput == "passed on 2 ranks\n", "\(outcome)")
  }

  @Test(arguments: rankCounts)
  func bfloat16SumsRoundToNearestEvenOnEveryRankAlike(ranks: Int?) throws {
    let outcome = try MPIRun("RankChecks", ["bfloat16"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == "passed on \(ranks ?? 1) ranks\n")
  }

  @Test(arguments: [nil, 1, 2, 4])
  func sumsAlongTheTreeHaveTheBitsOfOneProcess(ranks: Int?) throws {
    let outcome = try MPIRun("RankChecks", ["tree"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == "passed on \(ranks ?? 1) ranks\n")
  }

  @Test(arguments: rankCounts)
  func pendingReductionsGiveTheClosedFormAnswer(ranks: Int?) throws {
    let outcome = try MPIRun("RankChecks", ["pending"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == "passed on \(ranks ?? 1) ranks\n")
  }

  @Test(arguments: rankCounts)
  func clocksAreComparedWithinTheToldUncertainty(ranks: Int?) throws {
    let outcome = try MPIRun("RankChecks", ["clocks"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == "passed on \(ranks ?? 1) ranks\n")
  }

  @Test
  func ranksThatWaitAsleepLeaveTheirCores() throws {
    let outcome = try MPIRun("RankChecks", ["sleep"], ranks: 2).run()
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == "passed on 2 ranks\n")
  }
}
