import Foundation
import Model
import TestSupport
import Testing

/// A cap on instructions, at every level that this machine has.
@Suite(.serialized)
struct InstructionSetTests {
  static let fixture = Fixtures.tinyStep

  private func launch(_ arguments: [String], set: String, ranks: Int = 1) throws -> MPIRun.Outcome {
    try MPIRun("launcher", arguments, ranks: ranks, environment: [InstructionSet.variable: set]).run()
  }

  @Test(arguments: InstructionSet.allCases.map(\.rawValue))
  func theReferenceStepIsEqualAtEveryLevel(_ set: String) throws {
    let outcome = try launch(
      ["verify", "--reference", Self.fixture, "--precision", "f32", "--json"], set: set, ranks: 2)
    #expect(outcome.succeeded && outcome.standardOutput.contains("\"passed\":true"), "\(outcome)")
    // A level that the machine lacks is no promise.
    let levels = InstructionSet.allCases.map(\.rawValue)
    let used = try #require(levels.last { outcome.standardError.contains("instruction set: \($0) ") }, "\(outcome)")
    #expect(try #require(levels.firstIndex(of: used)) <= #require(levels.firstIndex(of: set)))
  }

  @Test(arguments: ["sse41", "avx2", "avx512"])
  func automaticPrecisionFollowsTheCap(_ set: String) throws {
    let outcome = try launch(["info", "--data", "synthetic", "--json"], set: set)
    #expect(outcome.succeeded && outcome.standardOutput.contains("\"precision\":\"f32\""), "\(outcome)")
  }

  /// No loop is known of a set below AVX2, nor of one that makes up bf16's products from others.
  @Test(arguments: [("sse41", "f32", nil), ("avx2", "f32", "vfmadd231ps"), ("avx512", "bf16", nil)])
  func thePeakFollowsTheCap(_ set: String, precision: String, instruction: String?) throws {
    guard Machine.precisions.contains(precision) else { return }
    let outcome = try launch(
      ["benchmark", "step", "--steps", "1", "--warm-up", "1", "--data", "synthetic", "--json"]
        + TinyRun.network + ["--precision", precision], set: set)
    #expect(outcome.succeeded, "\(outcome)")
    let result = try outcome.json()
    #expect(result["gflops"] is Double && (result["peak_gflops"] is Double) == (instruction != nil), "\(outcome)")
    #expect(result["peak_instruction"] as? String == instruction, "\(outcome)")
  }

  @Test func unknownLevelIsAUsageError() throws {
    let outcome = try launch(["info"], set: "avx1024")
    #expect(outcome.exitCode == 64 && outcome.standardError.contains("avx1024"), "\(outcome)")
  }
}
