import Foundation
import Glibc
import TestSupport

extension Bench {
  /// Rounds of kill -9, of processes that are stopped for good, and of requests to end, in turn on one run.
  func processes(rounds: Int) throws -> [FaultRow] {
    var rows: [FaultRow] = []
    rows.append(
      try storm(
        "rank killed", "SIGKILL to a random rank", rounds: rounds,
        message: "mpirun: process rank N ... exited on signal 9", strike: { _, process in kill(process, SIGKILL) },
        fits: { $0 == 137 || $0 == 143 }))
    rows.append(
      try storm(
        "rank suspended", "SIGSTOP to a random rank", rounds: rounds, more: ["--stall-timeout", "3s"],
        message: "no progress for N s at step N: rank N on HOST not heard of",
        strike: { _, process in kill(process, SIGSTOP) }, fits: { $0 != 0 }))
    rows.append(
      try storm(
        "rank asked to end", "SIGTERM to a random rank", rounds: rounds, message: "asked to stop: step N is saved",
        strike: { _, process in
          kill(process, SIGTERM)
          kill(process, SIGCONT)
        }, fits: { $0 == 75 }))
    return rows
  }

  /// `rounds` kill -9 on one run: the proof asks for many, and where they fell.
  ///
  /// Its disk is slow and its epochs are short, with a long validation, so that kills fall into writes and into validation.
  func kills(rounds: Int) throws -> FaultRow {
    let folder = try TemporaryFolder()
    var victim = Victim(folder: folder.path + "/whole", stepsPerEpoch: 50, validationSteps: 400)
    let whole = try Reference(victim)
    note("reference of the kills: \(whole.digest)")
    victim.folder = folder.path + "/run"
    return try storm(
      "rank killed, many times", "SIGKILL to a random rank of 2, fsync takes 50 ms", rounds: rounds,
      message: "mpirun: process rank N ... exited on signal 9", own: (victim, whole),
      strike: { _, process in kill(process, SIGKILL) }, fits: { $0 == 137 || $0 == 143 })
  }

  /// The environment of a process whose every fsync below `folder` takes 50 ms, as on a busy disk that turns.
  private static func slowDisk(under folder: String) -> [String: String] {
    MPIRun.fileFaults(under: folder, at: 1, times: Int(Int32.max), only: "fsync")
      .merging(["FILE_FAULTS_DELAY": "50"]) { $1 }
  }

  /// One run that is hit `rounds` times, then goes on to its end, and has to equal the one that was left alone.
  /// - Parameter own: another run than the bench's usual one, and its reference; then the disk is slow, and the places in which
  ///   the faults fell are counted and held against what the proof asks for.
  private func storm(
    _ fault: String, _ injection: String, rounds: Int, more: [String] = [], message: String,
    own: (victim: Victim, reference: Reference)? = nil,
    strike: (RunningProgram, Int32) -> Void, fits: (Int32) -> Bool
  ) throws -> FaultRow {
    let folder = try TemporaryFolder()
    let victim = own?.victim ?? Victim(folder: folder.path + "/run", more: more)
    var storm = Storm(victim, seed: nextSeed())
    if own != nil { (storm.environment, storm.latest) = (Self.slowDisk(under: victim.folder), 1) }
    note("\(fault): \(rounds) rounds, seed \(storm.random.state)")
    let counts = try storm.rage(rounds: rounds, strike: strike, fits: fits)
    let end = try victim.finish()
    let isExact = try end.succeeded && (own?.reference ?? reference).equals(victim)
    note(
      "\(fault): \(counts.faults) faults, \(counts.resumed) starts from a step after the first, \(counts.insideWrites) inside "
        + "a write, \(counts.inValidation) in validation; \(try victim.digest())")
    var row = FaultRow(
      fault: fault, injection: injection, times: counts.faults, seconds: counts.seconds, message: message,
      exitCodes: counts.exitCodes, stepsLost: counts.stepsLost, isResumedExactly: isExact, problems: counts.problems)
    if !isExact { row.problems.append("the resumed run is another one: \(end)") }
    if counts.faults < rounds { row.problems.append("only \(counts.faults) of \(rounds) faults") }
    if own != nil {
      row.injection +=
        " (\(counts.insideWrites) inside a write, \(counts.inValidation) in validation, \(counts.resumed) resumed)"
      if counts.resumed * 10 < rounds * 7 { row.problems.append("only \(counts.resumed) starts from a later step") }
      if counts.insideWrites * 10 < rounds { row.problems.append("only \(counts.insideWrites) inside a write") }
      if counts.inValidation * 20 < rounds { row.problems.append("only \(counts.inValidation) in validation") }
    }
    return row
  }
}
