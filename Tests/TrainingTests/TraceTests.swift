import Distributed
import Foundation
import TestSupport
import Testing

@testable import Training

/// From marks to the file that viewers open.
struct TraceTests {
  /// Rank 0's clock beside itself.
  private static let same = TraceClock(
    start: .init(time: 0, lead: 0, uncertainty: 0), end: .init(time: 0, lead: 0, uncertainty: 0))

  private static func timeline(_ marks: [(Int64, TraceMark.Kind)], clock: TraceClock = same) -> TraceTimeline {
    TraceTimeline(marks.map { TraceMark(time: $0.0, $0.1) }, clock: clock)
  }

  private static func span(
    _ name: String, _ category: TraceTimeline.Span.Category, _ begin: Int64, _ end: Int64
  ) -> TraceTimeline.Span {
    .init(name: name, category: category, row: category == .step ? .steps : .work, begin: begin, end: end)
  }

  @Test func marksBecomeSpans() {
    let timeline = Self.timeline([
      (10, .phase(.makingPairs)), (20, .phase(.forward)), (22, .collective(.allReduce)), (25, .left),
      (30, .phase(.update)), (35, .step(7)), (50, .phase(.validation)), (60, .phase(.makingPairs)),
    ])
    #expect(
      timeline.spans == [
        Self.span("making pairs", .phase, 10, 20), Self.span("allreduce", .collective, 22, 25),
        Self.span("forward", .phase, 20, 30), Self.span("update", .phase, 30, 35), Self.span("step 7", .step, 10, 35),
        Self.span("validation", .phase, 50, 60),
      ])
  }

  /// A buffer that keeps the last marks alone may begin inside of anything.
  @Test func whatBeganBeforeTheFirstMarkIsLeftOut() {
    let timeline = Self.timeline([
      (5, .left), (6, .step(1)), (7, .phase(.makingPairs)), (8, .step(2)), (9, .collective(.barrier)),
    ])
    #expect(timeline.spans == [Self.span("making pairs", .phase, 7, 8), Self.span("step 2", .step, 7, 8)])
  }

  /// A clock that is 1 s behind at first and 3 s behind at the end.
  @Test func aClockThatDriftsIsFollowed() {
    let clock = TraceClock(
      start: .init(time: 1_000, lead: 1_000_000_000, uncertainty: 5),
      end: .init(time: 3_000, lead: 3_000_000_000, uncertainty: 4))
    #expect([1_000, 2_000, 3_000].map(clock.rootTime) == [1_000_001_000, 2_000_002_000, 3_000_003_000])
    #expect(clock.uncertainty == 5)
  }

  @Test func theFileIsJSONWithMicroseconds() throws {
    let file = TraceFile(
      timelines: [
        Self.timeline([(1_000_000, .phase(.makingPairs)), (1_002_003, .step(1))]),
        Self.timeline([(1_000_500, .phase(.makingPairs)), (1_001_500, .step(1))]),
      ], hosts: ["a", "b \"quoted\""], uncertainty: 1_500)
    let folder = try TemporaryFolder()
    try file.write(to: folder("trace.json"))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(try folder.bytes("trace.json"))) as? [String: Any])
    #expect((object["otherData"] as? [String: Double]) == ["clock_uncertainty_us": 1.5])
    let events = try #require(object["traceEvents"] as? [[String: Any]])
    let names = events.compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
    #expect(names == ["rank 0 (a)", "steps", "work", "rank 1 (b \"quoted\")", "steps", "work"])
    let spans = events.filter { $0["ph"] as? String == "X" }
    #expect(file.spanCount == 4 && spans.map { $0["pid"] as? Int } == [0, 0, 1, 1])
    #expect(spans.map { $0["ts"] as? Double } == [0, 0, 0.5, 0.5])
    #expect(spans.map { $0["dur"] as? Double } == [2.003, 2.003, 1, 1])
  }

  /// Long traces go in pieces, which are one text all the same.
  @Test func piecesOfALongTraceMakeOneText() throws {
    let marks =
      (0..<9_000).flatMap { [(Int64(2 * $0), .collective(.allReduce)), (Int64(2 * $0 + 1), .left)] }
      as [(Int64, TraceMark.Kind)]
    var pieces: [String] = []
    TraceFile(timelines: [Self.timeline(marks)], hosts: ["a"], uncertainty: 0).writePieces { pieces.append($0) }
    #expect(pieces.count > 2)
    let object = try JSONSerialization.jsonObject(with: Data(pieces.joined().utf8)) as? [String: Any]
    #expect((object?["traceEvents"] as? [Any])?.count == 9_000 + 4)
  }
}
