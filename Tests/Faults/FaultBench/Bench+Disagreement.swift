import TestSupport

extension Bench {
  /// Ranks that do not make the same collective calls: found at the first one that differs, or by the watchdog.
  func disagreements() throws -> [FaultRow] {
    var rows: [FaultRow] = []
    for (command, injection) in [
      ("disagree-skip", "one of 3 ranks skips a collective, with comparison switched on"),
      ("disagree-size", "one of 3 ranks passes another number of values, with comparison switched on"),
    ] {
      let outcome = try MPIRun("RankChecks", [command, "1"], ranks: 3, limit: .seconds(60)).run()
      var row = FaultRow(
        fault: "ranks disagree", injection: injection, times: 1, seconds: Storm.seconds(outcome.duration),
        message: "the ranks disagree on checked collective N: rank N calls ...", exitCodes: [outcome.exitCode],
        stepsLost: 0)
      let isNamed = outcome.standardError.contains("the ranks disagree on checked collective")
      if outcome.timedOut || outcome.exitCode != 71 || !isNamed { row.problems.append("\(outcome)") }
      note("\(command): exit code \(outcome.exitCode)")
      rows.append(row)
    }
    return rows
  }
}
