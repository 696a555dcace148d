import Distributed

/// A trace as JSON in the Trace Event Format, which chrome://tracing and Perfetto open: a process for each rank, in it a row of
/// steps and one of phases with their collectives.
struct TraceFile {
  /// One of each rank.
  var timelines: [TraceTimeline]
  /// The host of each rank.
  var hosts: [String]
  /// How wrong the ranks' clocks may be beside each other, nanoseconds.
  var uncertainty: Int64

  /// How many spans it has.
  var spanCount: Int { timelines.reduce(0) { $0 + $1.spans.count } }

  /// Puts it at `path` as one change. Throws ``FileError``.
  func write(to path: String) throws(FileError) {
    try FileSystem.replace(path) { descriptor in
      var code: Int32 = 0
      writePieces { piece in
        if code == 0 { code = FileSystem.writeAll(Array(piece.utf8), to: descriptor) }
      }
      return code
    }
  }

  /// The text in pieces of a few hundred kilobytes: that of many ranks is long.
  func writePieces(_ write: (String) -> Void) {
    let first = timelines.flatMap { $0.spans.map(\.begin) }.min() ?? 0
    var piece =
      "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"clock_uncertainty_us\":\(Self.microseconds(uncertainty))},"
    piece += "\"traceEvents\":["
    var separator = "\n"
    func add(_ event: String) {
      piece += separator + event
      separator = ",\n"
      guard piece.utf8.count > 1 << 18 else { return }
      write(piece)
      piece = ""
    }
    for (rank, timeline) in timelines.enumerated() {
      let name = JSONText.encode("rank \(rank) (\(hosts[rank]))")
      add("{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":\(rank),\"args\":{\"name\":\(name)}}")
      add("{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":\(rank),\"args\":{\"sort_index\":\(rank)}}")
      for row in TraceTimeline.Span.Row.allCases {
        add(
          "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":\(rank),\"tid\":\(row.rawValue),\"args\":{\"name\":\"\(row)\"}}"
        )
      }
      for span in timeline.spans {
        add(
          "{\"ph\":\"X\",\"name\":\"\(span.name)\",\"cat\":\"\(span.category.rawValue)\",\"pid\":\(rank),"
            + "\"tid\":\(span.row.rawValue),\"ts\":\(Self.microseconds(span.begin - first)),"
            + "\"dur\":\(Self.microseconds(span.end - span.begin))}")
      }
    }
    write(piece + "\n]}\n")
  }

  /// `nanoseconds`, at least 0, as the format wants them.
  private static func microseconds(_ nanoseconds: Int64) -> String {
    let fraction = "\(nanoseconds % 1000)"
    return "\(nanoseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}
