import Foundation
import Glibc
import TestSupport
import Testing

extension RanksTests {
  /// A run of `ranks` ranks whose rank `rank` hangs in its fifth step, as in a read that does not come back.
  @Test(arguments: [(ranks: 2, rank: 1), (3, 0), (1, 0)])
  func aRankThatHangsIsNamed(ranks: Int, rank: Int) throws {
    let folder = try TemporaryFolder()
    let running = try MPIRun(
      "TrainingChecks",
      [
        "train", "output=\(folder.path)/run", "stall-timeout=4", "hang-on-rank=\(rank)", "steps-per-epoch=100",
        "checkpoint-every=2",
      ], ranks: ranks, limit: .seconds(120)
    ).start()
    let second = folder.path + "/run/checkpoints/step-0000000004.safetensors"
    #expect(running.waits { _ in FileManager.default.fileExists(atPath: second) })
    let start = ContinuousClock.now
    let outcome = running.wait()
    // The timeout and five seconds, and five more for a loaded machine.
    #expect(start.duration(to: .now) < .seconds(14), "\(outcome)")
    #expect(outcome.exitCode == 71, "\(outcome)")
    let host = ProcessInfo.processInfo.hostName
    let lines = outcome.standardError.split(separator: "\n").filter { $0.hasPrefix("TrainingChecks: ") }
    #expect(lines.count == 1, "\(outcome)")
    let line = String(lines.first ?? "")
    #expect(
      line.contains("rank \(rank) on \(host) is stuck in making pairs, in no collective since number "), "\(line)")
    #expect(line.contains(" s after step 4: ") && line.hasSuffix("; the job ends"), "\(line)")
    if ranks == 3 { #expect(line.contains("ranks 1-2 on \(host) wait in collective "), "\(line)") }
  }
}
