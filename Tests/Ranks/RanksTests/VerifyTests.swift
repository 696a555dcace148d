import Foundation
import TestSupport
import Testing

/// The reference's training steps, split over ranks: the published network's where UNMIX_REFERENCE names it, and a
/// committed one for a small network. A batch of 8 on 3 ranks is 3 + 3 + 2 pictures; one of 3 leaves the fourth rank without.
/// bf16's tolerances are the published network's: in one of 8 channels its noise does not average out, and it is held to
/// the bounds that the oracle measures instead.
extension RanksTests {
  private struct Verdict: Decodable {
    let passed: Bool
    let tensors: Int
  }

  @Test(arguments: Fixtures.references, [1, 2, 3, 4])
  func theReferenceStepIsEqualOnAnyNumberOfRanks(reference: String, ranks: Int) throws {
    try verify(["--reference", reference, "--precision", "f32"], ranks: ranks)
    guard reference != Fixtures.tinyStep else { return }
    let bf16 = ["--reference", reference, "--precision", "bf16"]
    if Machine.multipliesBF16 {
      try verify(bf16, ranks: ranks)
    } else {
      // A processor without bf16 says so before the first step.
      let outcome = try MPIRun("launcher", ["verify"] + bf16, ranks: ranks).run()
      #expect(outcome.exitCode == 70 && outcome.standardError.contains("use --precision f32"), "\(outcome)")
    }
  }

  /// Without a file the program is its own oracle, in plain f64 loops, for any shape of network.
  @Test(arguments: [1, 3], Machine.precisions)
  func aStepIsEqualToTheProgramsOwnOracle(ranks: Int, precision: String) throws {
    let shape = ["--base-channels", "12", "--blocks", "4", "--convolutions-per-block", "2", "--data", "synthetic"]
    try verify(shape + ["--precision", precision], ranks: ranks)
  }

  private func verify(_ arguments: [String], ranks: Int) throws {
    let outcome = try MPIRun("launcher", ["verify", "--json"] + arguments, ranks: ranks, limit: .seconds(200)).run()
    #expect(outcome.succeeded, "\(outcome)")
    let verdict = try JSONDecoder().decode(Verdict.self, from: Data(outcome.standardOutput.utf8))
    #expect(verdict.passed && verdict.tensors > 100, "\(outcome)")
  }
}
