import Distributed

/// What turns a rank's times into rank 0's, from comparisons at the trace's start and end: clocks drift apart evenly enough.
struct TraceClock {
  let start: ClockComparison
  let end: ClockComparison

  /// The moment `time` of the rank's clock on rank 0's, both in nanoseconds.
  func rootTime(_ time: Int64) -> Int64 {
    guard end.time > start.time else { return time + end.lead }
    let part = Double(time - start.time) / Double(end.time - start.time)
    return time + start.lead + Int64((part * Double(end.lead - start.lead)).rounded())
  }

  /// How wrong it may be, nanoseconds.
  var uncertainty: Int64 { max(start.uncertainty, end.uncertainty) }
}
