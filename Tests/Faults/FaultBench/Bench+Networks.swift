import Foundation
import TestSupport

extension Bench {
  /// Hosts as network namespaces: one cut off in the middle of a step, and two joined by a bad network.
  func networks() throws -> [FaultRow] {
    try [
      cutOff("cut", "frames of one of two hosts are dropped"), cutOff("unplug", "one of two hosts loses its carrier"),
    ]
      + [
        badNetwork("30 % loss", "of frames between two hosts", ["loss", "30"]),
        badNetwork("slow network", "1 Gbit/s and 1 ms each way between two hosts", ["slow", "1000", "1"]),
      ]
  }

  /// Seconds without progress that end the jobs of the bench.
  private static let stallTimeout = 5

  private func cutOff(_ how: String, _ injection: String) throws -> FaultRow {
    let outcome = try script("cut-off", ["\(Self.stallTimeout)", how])
    // `ok    rank on b gone after 8.1 s`
    let times = outcome.standardOutput.split(separator: "\n").filter { $0.contains(" gone after ") }.compactMap {
      line in
      line.components(separatedBy: " gone after ").last.flatMap { Double($0.prefix { $0 != " " }) }
    }
    var row = FaultRow(
      fault: "host cut off (\(how))", injection: "\(injection), under supervise", times: 1, seconds: times.max(),
      message: "rank N on HOST not heard of for N s", exitCodes: [outcome.exitCode], stepsLost: 0)
    if outcome.exitCode != 0 || times.count < 4 { row.problems.append("\(outcome)") }
    return row
  }

  private func badNetwork(_ fault: String, _ injection: String, _ arguments: [String]) throws -> FaultRow {
    let outcome = try script("bad-network", arguments)
    var row = FaultRow(
      fault: fault, injection: injection, times: 1, message: "none: the run goes on", exitCodes: [outcome.exitCode],
      stepsLost: 0, isResumedExactly: outcome.standardOutput.contains("the same bits as on one host"))
    if outcome.exitCode != 0 { row.problems.append("\(outcome)") }
    return row
  }

  /// Runs a script of Tests/Faults on this package's launcher.
  private func script(_ name: String, _ arguments: [String]) throws -> MPIRun.Outcome {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    note("\(name) \(arguments.joined(separator: " "))")
    let outcome = try MPIRun(
      "\(folder)/\(name)", arguments, ranks: nil, environment: ["LAUNCHER": MPIRun.builtProducts + "/launcher"],
      limit: .seconds(500)
    ).run()
    note(outcome.standardOutput)
    return outcome
  }
}
