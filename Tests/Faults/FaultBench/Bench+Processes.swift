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
  func kills(rounds: Int) throws -> FaultRow {
    try storm(
      "rank killed, many times", "SIGKILL to a random rank of 2", rounds: rounds,
      message: "mpirun: process rank N ... exited on signal 9", countsPlaces: true,
      strike: { _, process in kill(process, SIGKILL) }, fits: { $0 == 137 || $0 == 143 })
  }

  /// One run that is hit `rounds` times, then goes on to its end, and has to equal the one that was left alone.
  private func storm(
    _ fault: String, _ injection: String, rounds: Int, more: [String] = [], message: String, countsPlaces: Bool = false,
    strike: (RunningProgram, Int32) -> Void, fits: (Int32) -> Bool
  ) throws -> FaultRow {
    let folder = try TemporaryFolder()
    var victim = Victim(folder: folder.path + "/run")
    victim.more = more
    var storm = Storm(victim, seed: nextSeed())
    note("\(fault): \(rounds) rounds, seed \(storm.random.state)")
    let counts = try storm.rage(rounds: rounds, strike: strike, fits: fits)
    let end = try victim.finish()
    let isExact = try end.succeeded && reference.equals(victim)
    note(
      "\(fault): \(counts.faults) faults, \(counts.resumed) starts from a step after the first, \(counts.insideWrites) inside "
        + "a write, \(counts.inValidation) in validation; \(try victim.digest())")
    var row = FaultRow(
      fault: fault, injection: injection, times: counts.faults, seconds: counts.seconds, message: message,
      exitCodes: counts.exitCodes, stepsLost: counts.stepsLost, isResumedExactly: isExact, problems: counts.problems)
    if !isExact { row.problems.append("the resumed run is another one: \(end)") }
    if counts.faults < rounds { row.problems.append("only \(counts.faults) of \(rounds) faults") }
    if countsPlaces {
      row.injection +=
        " (\(counts.insideWrites) inside a write, \(counts.inValidation) in validation, \(counts.resumed) resumed)"
      if counts.resumed * 10 < rounds * 7 { row.problems.append("only \(counts.resumed) starts from a later step") }
      if counts.insideWrites * 10 < rounds { row.problems.append("only \(counts.insideWrites) inside a write") }
      if counts.inValidation * 20 < rounds { row.problems.append("only \(counts.inValidation) in validation") }
    }
    return row
  }
}
