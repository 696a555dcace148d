/// One line of the table in docs/reliability.md: a fault, and what came of it.
struct FaultRow {
  var fault: String
  /// How it was brought about.
  var injection: String
  var times: Int
  /// Longest time from the fault to the end of all ranks, in seconds; nil where nothing ends.
  var seconds: Double?
  /// What the program said, without the parts that differ from run to run.
  var message: String
  var exitCodes: Set<Int32>
  /// Most steps that were lost beyond the newest checkpoint on the disk.
  var stepsLost: Int
  /// Whether the run, resumed to its end, equals the uninterrupted one bit for bit; nil where nothing is to be resumed.
  var isResumedExactly: Bool?
  /// What contradicts the promise; empty where it holds.
  var problems: [String] = []

  static let heading = """
    | fault | how | times | ended within | message | exit code | steps lost | resumed bit for bit |
    |---|---|---|---|---|---|---|---|
    """

  var line: String {
    let time = seconds.map { "\(($0 * 10).rounded(.up) / 10) s" } ?? "-"
    let codes = exitCodes.sorted().map(String.init).joined(separator: ", ")
    let resumed = isResumedExactly.map { $0 ? "yes" : "NO" } ?? "-"
    return "| \(fault) | \(injection) | \(times) | \(time) | \(message) | \(codes) | \(stepsLost) | \(resumed) |"
  }
}
