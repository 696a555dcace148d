import TestSupport
import Testing

/// Telling work from waiting in a step.
struct WaitingTests {
  @Test(arguments: [2, 3])
  func ranksWaitForTheOneThatComesLate(ranks: Int) throws {
    let outcome = try MPIRun("StepChecks", ["waiting", "1000"], ranks: ranks).run()
    try #require(outcome.succeeded, "\(outcome)")
    let lines = outcome.standardOutput.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
    try #require(lines.count == ranks && lines.allSatisfy { $0.count == 7 }, "\(outcome)")
    for (rank, milliseconds) in lines.enumerated() {
      let (unmeasured, waited, forward) = (milliseconds[0], milliseconds[1], milliseconds[2])
      #expect(unmeasured == 0 && waited >= 0, "\(outcome)")
      guard rank < ranks - 1 else { continue }
      // All but the last meet in the first barrier long before it comes; what they wait for is a part of the pass.
      #expect(waited > 500 && forward >= 500, "\(outcome)")
      #expect(lines[ranks - 1][1] < waited, "\(outcome)")
      // Each rank needs the kernels that the last one moves: time of the exchange, not of computing.
      let updates = milliseconds[3...]
      #expect(updates == [0, updates[4], updates[5], updates[6]] && updates[4] > 500, "\(outcome)")
      #expect(updates[5] > 500 && updates[6] >= updates[5], "\(outcome)")
    }
  }
}
