import Foundation
import Glibc
import TestSupport

/// What all parts of the bench share: the uninterrupted run, the seeds, the notes.
final class Bench {
  let reference: Reference
  private var seeds: SplitMix

  /// Runs the reference. `seed` decides every random moment and rank.
  init(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    seeds = SplitMix(state: seed)
    reference = try Reference(Victim(folder: folder.path + "/run"))
    note("reference: \(reference.digest)")
  }

  /// A seed for one part, printed with it.
  func nextSeed() -> UInt64 { seeds.next() }

  /// A line about the work, to standard error.
  func note(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data("fault bench: \(text)\n".utf8)) }
}

extension Bench {
  /// Starts a run in `victim`'s folder, does `strike` once it has written a checkpoint, waits for its end, lets `mend` put things
  /// right, and finishes the run.
  /// - Parameters:
  ///   - message: must stand in what the run says after the fault, or in what the next start says.
  ///   - fits: whether an exit code of the struck run is one that the fault may give.
  ///   - keepsMetrics: whether the lines of all epochs must stand in metrics.csv at the end.
  ///   - lostSteps: steps that the fault may cost beyond the newest checkpoint before it.
  func single(
    _ fault: String, _ injection: String, victim: Victim, message: String, lostSteps: Int = 0,
    keepsMetrics: Bool = true, environment: [String: String] = [:], strike: (RunningProgram) throws -> Void,
    fits: (Int32) -> Bool,
    mend: () throws -> Void = {}
  ) throws -> FaultRow {
    let running = try victim.start(environment: environment, limit: .seconds(150))
    guard running.waits(until: { _ in ((try? victim.newest()?.state.step) ?? 0) > 0 }) else {
      throw BenchError(description: "\(fault): the run wrote no checkpoint: \(running.wait())")
    }
    let before = try victim.newest()?.state.step ?? 0
    let start = ContinuousClock.now
    try strike(running)
    let struck = running.wait()
    let seconds = Storm.seconds(start.duration(to: .now))
    try mend()
    let end = try victim.finish()
    let isExact = try end.succeeded && reference.equals(victim, withMetrics: keepsMetrics)
    let resumed = Storm.resumePoint(end.standardError)
    var row = FaultRow(
      fault: fault, injection: injection, times: 1, seconds: seconds, message: message, exitCodes: [struck.exitCode],
      stepsLost: max(0, before - resumed), isResumedExactly: isExact)
    if struck.timedOut || !fits(struck.exitCode) { row.problems.append("exit code \(struck.exitCode): \(struck)") }
    if !(struck.standardError + end.standardError).contains(message) {
      row.problems.append("nobody said \"\(message)\": \(struck)\n\(end)")
    }
    if !isExact { row.problems.append("the resumed run is another one: \(end)") }
    if row.stepsLost > lostSteps { row.problems.append("\(row.stepsLost) steps lost, \(lostSteps) are allowed") }
    note("\(fault): exit code \(struck.exitCode), \(row.problems.isEmpty ? "as promised" : "NOT as promised")")
    return row
  }
}
