import Foundation
import TestSupport
import Testing

@testable import Training

/// Gradients that are added up in a node's memory, and what happens where there is none.
extension RanksTests {
  @Test(arguments: rankCounts)
  func sumsOverNodesHaveTheClosedFormAndTheSameBitsOnEveryRank(ranks: Int?) throws {
    let outcome = try MPIRun("RankChecks", ["node-sums"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == "passed on \(ranks ?? 1) ranks\n")
  }

  @Test(arguments: [2, 3])
  func withoutAFolderForMemoryTheSumsAreTheSame(ranks: Int) throws {
    let outcome = try MPIRun("RankChecks", ["node-sums", "/no/such/folder"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
  }

  /// Setting in the environment, and what the ranks print. Other libraries have no such setting.
  static let algorithms: [(setting: String?, found: String)] =
    MPIRun.isMPICH
    ? [(nil, "own choice: "), ("ring", "own choice: ")]
    : [
      (nil, "ring: 0.0 1.0\n"), ("ring", "ring: 0.0 1.0\n"), ("2", "binomial: 0.0\n"), ("0", "own choice: 0.0\n"),
      ("recursive_doubling", "recursive doubling: 0.0\n"),
    ]

  @Test(arguments: algorithms)
  func sumsBetweenNodesGoRoundARingUnlessTheEnvironmentSaysOtherwise(setting: String?, found: String) throws {
    let environment = setting.map { ["OMPI_MCA_coll_libnbc_iallreduce_algorithm": $0] } ?? [:]
    let outcome = try MPIRun("RankChecks", ["algorithm"], ranks: 4, environment: environment).run()
    #expect(outcome.succeeded && outcome.standardOutput.hasPrefix(found), "\(outcome)")
  }

  private func gradient(_ run: TrainingRun, _ arguments: [String], ranks: Int) throws -> [Float] {
    let outcome = try run.start(["step", "batch=9"] + arguments, ranks: ranks)
    try #require(outcome.succeeded, "\(outcome)")
    let line = try #require(outcome.standardOutput.split(separator: "\n").last { $0.hasPrefix("gradient ") })
    return try line.dropFirst(9).split(separator: ",").map { Float(bitPattern: try #require(UInt32($0))) }
  }

  @Test(arguments: [(ranks: 2, groups: 1), (3, 2), (4, 2), (4, 3)])
  func aStepOnSeveralNodesDiffersByRoundingOnly(ranks: Int, groups: Int) throws {
    let run = try TrainingRun()
    let one = try gradient(run, [], ranks: ranks)
    let several = try gradient(run, ["groups=\(groups)"], ranks: ranks)
    try #require(one.count == several.count && several.allSatisfy(\.isFinite))
    for (a, b) in zip(one, several) { #expect(abs(a - b) <= 1e-5 * max(abs(a), 1e-3)) }
  }

  @Test
  func withinANodeNoPartOfAGradientIsAMessage() throws {
    let run = try TrainingRun()
    for (arguments, isOneNode) in [([], true), (["groups=2"], false), (["groups=1"], false)] {
      let outcome = try run.start(["step"] + arguments, ranks: 3)
      #expect(outcome.succeeded && outcome.standardOutput.contains("messages 0\n") == isOneNode, "\(outcome)")
    }
  }

  @Test(arguments: [(ranks: 3, groups: 2), (4, 2)])
  func onlyWhatTravelsBetweenNodesIsRoundedToBFloat16(ranks: Int, groups: Int) throws {
    let run = try TrainingRun()
    let exact = try gradient(run, ["wire=f32"], ranks: ranks)
    #expect(try gradient(run, ["wire=bf16"], ranks: ranks) == exact)
    let rounded = try gradient(run, ["wire=bf16", "groups=\(groups)"], ranks: ranks)
    #expect(rounded.count == exact.count && rounded.allSatisfy { $0.bitPattern & 0xFFFF == 0 })
  }

  /// The calls that make a segment, refused: a full folder, one that cannot be written.
  @Test(arguments: [
    ("posix_fallocate", ENOSPC, "No space left on device"), ("ftruncate", ENOSPC, "No space left on device"),
    ("open", EACCES, "Permission denied"),
  ])
  func aRunWithoutSharedMemorySaysSoOnceAndUsesMessages(call: String, error: Int32, words: String) throws {
    let run = try TrainingRun()
    let faults = MPIRun.fileFaults(under: "/dev/shm/unmix-", at: 1, only: call, error: error)
    let arguments = ["train", "output=\(run.folder)/run", "steps-per-epoch=3", "rounds=0"]
    let outcome = try MPIRun("TrainingChecks", arguments + ["epochs=1"], ranks: 2, environment: faults).run()
    #expect(outcome.succeeded, "\(outcome)")
    let refusals = outcome.standardError.components(separatedBy: "sums of gradients go by messages: no shared memory")
    #expect(refusals.count == 2 && refusals.last?.contains(words) == true, "\(outcome)")
    #expect(try run.checkpoint("run", step: 3).plan.usesMessagesAlone)

    // With memory again the run keeps to messages, so it goes on as it began.
    let resumed = try run.start(arguments + ["epochs=2"], ranks: 2)
    #expect(resumed.succeeded && !resumed.standardError.contains("rounding only"), "\(resumed)")
    #expect(try run.checkpoint("run", step: 6).plan.nodes == [0, 1])
  }

  @Test
  func aRunOnOneNodeAddsInSharedMemoryAndItsCheckpointSaysSo() throws {
    let run = try TrainingRun()
    let outcome = try run.train("run", ["epochs=1", "steps-per-epoch=3", "rounds=0"], ranks: 3)
    #expect(outcome.succeeded && outcome.standardError.contains("sums of gradients: shared memory on one node"))
    #expect(try run.checkpoint("run", step: 3).plan.nodes == [0, 0, 0])
  }
}
