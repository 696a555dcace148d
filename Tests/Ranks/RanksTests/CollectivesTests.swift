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
