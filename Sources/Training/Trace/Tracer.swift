import Distributed

/// Keeps what every rank does and writes it to one file at the end. All calls are collective.
final class Tracer {
  /// Marks that all ranks keep together, so that the file stays below a hundred megabytes, and the most and least of a rank.
  static let (totalMarks, mostMarks, leastMarks) = (1 << 20, 1 << 17, 1 << 12)

  private let path: String
  private let communicator: Communicator
  private let buffer: TraceBuffer
  private let start: [ClockComparison]

  /// Starts tracing on every rank. Rank 0 writes an empty trace to `path`: what cannot be written is to be known before the run, and
  /// throws ``FileError`` there.
  init(path: String, communicator: Communicator) throws {
    (self.path, self.communicator) = (path, communicator)
    if communicator.rank == 0 { try TraceFile(timelines: [], hosts: [], uncertainty: 0).write(to: path) }
    buffer = TraceBuffer(capacity: max(Self.leastMarks, min(Self.mostMarks, Self.totalMarks / communicator.size)))
    start = try communicator.compareClocks()
    unsafe ProgressBoard.own.trace = buffer
  }

  /// Ends tracing. The file on rank 0, to be written; nil elsewhere. `hosts` has every rank's.
  func finish(hosts: [String]) throws -> TraceFile? {
    unsafe ProgressBoard.own.trace = nil
    let end = try communicator.compareClocks()
    let marks = try buffer.gather(over: communicator)
    guard communicator.rank == 0 else { return nil }
    let clocks = zip(start, end).map { TraceClock(start: $0, end: $1) }
    return TraceFile(
      timelines: zip(marks, clocks).map { TraceTimeline($0, clock: $1) }, hosts: hosts,
      uncertainty: clocks.map(\.uncertainty).max() ?? 0)
  }

  /// Writes `file` and says so in words; where that fails it says this, and the run is none the worse. Rank 0's.
  func write(_ file: TraceFile) -> String {
    do {
      try file.write(to: path)
      return "trace: \(path), \(file.spanCount) spans of \(file.timelines.count) ranks, clocks to "
        + "\(decimal(Double(file.uncertainty) / 1000, places: 1)) us"
    } catch {
      return "\(error); there is no trace"
    }
  }
}
