import TestSupport
import Testing

extension RanksTests {
  @Test(arguments: [1, 2, 4])
  func comparingCollectivesDoesNotChangeThem(ranks: Int) throws {
    let outcome = try MPIRun("RankChecks", ["checked"], ranks: ranks).run()
    #expect(outcome.succeeded && outcome.standardOutput == "passed on \(ranks) ranks\n", "\(outcome)")
  }

  /// The second compared collective is the barrier, the third the one that differs.
  @Test(arguments: [
    (name: "skip", ranks: 3, rank: 1, others: "ranks 0, 2", odd: "broadcast of 1 int64 with root 0 on communicator 1"),
    ("skip", 2, 0, "rank 1", "broadcast of 1 int64 with root 0 on communicator 1"),
    ("size", 4, 3, "ranks 0-2", "allreduce of 5 float64 on communicator 1"),
    ("communicator", 3, 0, "ranks 1-2", "allreduce of 4 float64 on communicator 3"),
  ])
  func theFirstDisagreementIsNamed(name: String, ranks: Int, rank: Int, others: String, odd: String) throws {
    let outcome = try MPIRun("RankChecks", ["disagree-\(name)", "\(rank)"], ranks: ranks).run()
    #expect(outcome.exitCode == 71, "\(outcome)")
    #expect(outcome.duration < .seconds(30), "\(outcome)")
    #expect(outcome.standardError.contains("the ranks disagree on checked collective 3: "), "\(outcome)")
    #expect(outcome.standardError.contains("rank \(rank) calls \(odd) in starting after step 0"), "\(outcome)")
    let verb = others.hasPrefix("ranks") ? "call" : "calls"
    #expect(
      outcome.standardError.contains("\(others) \(verb) allreduce of 4 float64 on communicator 1 in starting"),
      "\(outcome)")
  }

  @Test
  func anotherRootIsADisagreement() throws {
    let outcome = try MPIRun("RankChecks", ["disagree-root", "1"], ranks: 2).run()
    #expect(outcome.exitCode == 71, "\(outcome)")
    #expect(outcome.standardError.contains("rank 1 calls broadcast of 1 int64 with root 1"), "\(outcome)")
  }
}
