import Foundation
import Glibc
import TestSupport

/// Faults one after the other on one run, each at a random moment, with a resume between them.
struct Storm {
  /// Where a fault fell.
  struct Counts {
    var faults = 0
    /// Starts that went on from a step after the first.
    var resumed = 0
    /// Of rank 0 while it wrote a checkpoint.
    var insideWrites = 0
    var inValidation = 0
    /// Longest time from the fault to the end of mpirun.
    var seconds = 0.0
    /// Most steps by which a start fell behind the newest checkpoint on the disk.
    var stepsLost = 0
    var exitCodes: Set<Int32> = []
    var problems: [String] = []
  }

  var victim: Victim
  var random: SplitMix
  /// Latest moment of a fault after the ranks began to train, in seconds.
  var latest = 0.5
  /// Of every start but the last.
  var environment: [String: String] = [:]

  init(_ victim: Victim, seed: UInt64) {
    (self.victim, random) = (victim, SplitMix(state: seed))
  }

  /// Does `rounds` faults; `strike` gets the run and the rank to hit, which is stopped (SIGSTOP) so that the place is known.
  ///
  /// Ends early where the run is complete. `fits` says whether an exit code is one that the fault may give.
  mutating func rage(
    rounds: Int, strike: (RunningProgram, Int32) -> Void, fits: (Int32) -> Bool
  ) throws -> Counts {
    var counts = Counts()
    for round in 1...rounds {
      let before = try victim.newest()?.state.step ?? 0
      let running = try victim.start(environment: environment, limit: .seconds(120))
      guard running.waits(until: { $0.standardErrorSoFar.contains("resume point: ") }) else {
        let outcome = running.wait()
        counts.problems.append("round \(round): the run did not start: \(outcome)")
        return counts
      }
      let resumePoint = Self.resumePoint(running.standardErrorSoFar)
      if resumePoint > 0 { counts.resumed += 1 }
      counts.stepsLost = max(counts.stepsLost, before - resumePoint)
      let rank = Int(random.next() % UInt64(victim.ranks))
      usleep(UInt32(random.next() % UInt64(latest * 1e6)))
      guard let root = running.process(ofRank: 0), let process = running.process(ofRank: rank) else {
        counts.problems.append("round \(round): the run ended by itself: \(running.wait())")
        return counts
      }
      kill(root, SIGSTOP)
      if rank == 0 && victim.isWriting { counts.insideWrites += 1 }
      if Self.phase(of: root) == "valid" { counts.inValidation += 1 }
      let start = ContinuousClock.now
      strike(running, process)
      if process != root { kill(root, SIGCONT) }
      let outcome = running.wait()
      counts.faults += 1
      counts.seconds = max(counts.seconds, Self.seconds(start.duration(to: .now)))
      counts.exitCodes.insert(outcome.exitCode)
      if outcome.timedOut || !fits(outcome.exitCode) { counts.problems.append("round \(round): \(outcome)") }
    }
    return counts
  }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  /// The step in the line `resume point: PATH, step 120, 1 epochs complete`; 0 for a run from the beginning.
  static func resumePoint(_ text: String) -> Int {
    guard let line = text.split(separator: "\n").last(where: { $0.contains("resume point: ") }),
      let step = line.components(separatedBy: ", step ").last?.prefix(while: \.isNumber)
    else { return 0 }
    return Int(step) ?? 0
  }

  /// What the program calls its present phase in the process table, behind its own name.
  private static func phase(of process: Int32) -> String {
    let name = (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) ?? ""
    return name.split(separator: ":").dropFirst().joined().trimmingCharacters(in: .newlines)
  }
}
