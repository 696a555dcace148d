import Foundation
import Model
import TestSupport
import Testing

/// Ranks of different speed and instruction sets in one job.
@Suite(.serialized)
struct BalanceTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  /// A training on two ranks, of which one has nothing newer than `instructions`.
  private func train(
    _ name: String, _ options: [String], slowRank: Int = 1, instructions: InstructionSet = .avx2
  ) throws -> MPIRun.Outcome {
    let script = """
      [ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" != \(slowRank) ] || export \(InstructionSet.variable)=\(instructions.rawValue)
      exec "$@"
      """
    let arguments =
      TinyRun.network + TinyRun.evaluation + [
        "--data", "synthetic", "--precision", "f32", "--threads", "1", "--global-batch", "17", "--steps-per-epoch", "4",
        "--validation-steps", "2", "--checkpoint-every", "2", "--keep", "9", "--output", scratch(name),
      ]
    return try MPIRun(
      "/bin/sh", ["-c", script, "sh", MPIRun.builtProducts + "/launcher"] + arguments + options, ranks: 2,
      environment: ["UNMIX_DATA": ""], limit: .seconds(300)
    ).run()
  }

  private func metrics(_ name: String) throws -> [[Substring]] {
    Array(try Metrics.rows(ofRun: scratch(name)).dropFirst())
  }

  @Test
  func ranksOfDifferentInstructionSetsTrainTogether() throws {
    let mixed = try train("mixed", ["--epochs", "2"])
    #expect(mixed.succeeded, "\(mixed)")
    let newest = InstructionSet.inUse.rawValue
    if newest != InstructionSet.avx2.rawValue {
      #expect(mixed.standardError.contains("instruction set: \(newest), avx2  "), "\(mixed)")
    }
  }

  /// A batch of one pair goes to the faster rank, as good as always the second: the first records and writes all the same.
  @Test
  func theFirstRankMayHaveNoPairs() throws {
    let outcome = try train(
      "alone", ["--epochs", "1", "--balance", "speed", "--global-batch", "1"], slowRank: 0, instructions: .sse41)
    #expect(outcome.succeeded && Self.shares(outcome)?.sorted() == [0, 1], "\(outcome)")
    #expect(try metrics("alone").count == 1)
  }

  @Test
  func pairsDealtBySpeedGiveTheSameStepAndAResumeKeepsThem() throws {
    let even = try train("even", ["--epochs", "2"])
    let whole = try train("whole", ["--epochs", "2", "--balance", "speed"])
    #expect(even.succeeded && whole.succeeded, "\(even)\n\(whole)")
    #expect(even.mentions("by speed") == 0)
    let shares = try #require(Self.shares(whole), "\(whole)")
    #expect(shares.count == 2 && shares.reduce(0, +) == 17 && shares.allSatisfy { $0 > 0 }, "\(shares)")
    // The first epoch's training loss, over four steps: other sums, the same numbers.
    let losses = try [metrics("even"), metrics("whole")].map { try #require(Double($0[0][3])) }
    #expect(abs(losses[0] - losses[1]) <= 1e-4 * losses[0], "\(losses)")

    // A second start measures other speeds, perhaps, and keeps the first one's pairs: else it would round otherwise.
    let folder = scratch("resumed")
    try FileManager.default.createDirectory(atPath: folder + "/checkpoints", withIntermediateDirectories: true)
    let name = "step-0000000002.safetensors"
    try FileManager.default.copyItem(
      atPath: scratch("whole/checkpoints/" + name), toPath: "\(folder)/checkpoints/\(name)")
    let resumed = try train("resumed", ["--epochs", "2", "--balance", "speed"])
    #expect(
      resumed.succeeded && resumed.mentions("step-0000000002") == 1 && Self.shares(resumed) == shares, "\(resumed)")
    #expect(resumed.mentions("to rounding only") == 0, "\(resumed)")
    #expect(try metrics("resumed") == metrics("whole"))
    #expect(try scratch.bytes("resumed/best.safetensors") == scratch.bytes("whole/best.safetensors"))
  }

  /// The numbers of the line that says how pairs were dealt.
  private static func shares(_ outcome: MPIRun.Outcome) -> [Int]? {
    let start = "pairs of each rank, by speed: "
    guard let line = outcome.standardError.split(separator: "\n").first(where: { $0.contains(start) }),
      let range = line.range(of: start)
    else { return nil }
    return line[range.upperBound...].split(separator: ", ").compactMap { Int($0) }
  }
}
