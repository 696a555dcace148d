import Foundation
import TestSupport
import Testing

extension RanksTests {
  /// What a trace says of one stretch of time.
  private struct Span {
    var name: String
    var rank: Int
    var row: Int
    /// Microseconds.
    var begin: Double
    var end: Double
  }

  private static func spans(_ path: String) throws -> (spans: [Span], uncertainty: Double) {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let events = try #require(file["traceEvents"] as? [[String: Any]])
    let spans = try events.filter { $0["ph"] as? String == "X" }.map { event in
      let begin = try #require(event["ts"] as? Double)
      return Span(
        name: try #require(event["name"] as? String), rank: try #require(event["pid"] as? Int),
        row: try #require(event["tid"] as? Int), begin: begin, end: begin + (try #require(event["dur"] as? Double)))
    }
    return (spans, try #require((file["otherData"] as? [String: Any])?["clock_uncertainty_us"] as? Double))
  }

  /// Whether every span of a row lies inside of an earlier one or beside all of them, as a viewer needs it.
  private static func isNested(_ spans: [Span]) -> Bool {
    var open: [Span] = []
    for span in spans.sorted(by: { ($0.begin, -$0.end) < ($1.begin, -$1.end) }) {
      while let last = open.last, last.end <= span.begin + 1e-3 { open.removeLast() }
      if let last = open.last, span.end > last.end + 1e-3 { return false }
      open.append(span)
    }
    return true
  }

  @Test(arguments: rankCounts)
  func aTraceHasTheStepsOfAllRanksOnOneClock(ranks: Int?) throws {
    let run = try TrainingRun()
    let path = "\(run.folder)/trace.json"
    let outcome = try run.train("run", ["trace=\(path)", "epochs=2", "steps-per-epoch=5"], ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    let (spans, uncertainty) = try Self.spans(path)
    #expect(uncertainty >= 0 && (ranks ?? 1 == 1) == (uncertainty == 0))
    var sums: [[Span]] = []
    for rank in 0..<(ranks ?? 1) {
      let own = spans.filter { $0.rank == rank }
      #expect(own.filter { $0.row == 0 }.map(\.name) == (1...10).map { "step \($0)" })
      for phase in ["making pairs", "forward", "backward", "reduction", "update"] {
        #expect(own.filter { $0.name == phase }.count == 10, "\(phase) of rank \(rank)")
      }
      #expect(own.filter { $0.name == "validation" }.count == 2)
      #expect(own.allSatisfy { $0.begin >= 0 && $0.end >= $0.begin })
      for row in 0...1 { #expect(Self.isNested(own.filter { $0.row == row }), "row \(row) of rank \(rank)") }
      sums.append(own.filter { $0.name == "allreduce" })
    }
    #expect(Set(spans.map(\.rank)) == Set(0..<(ranks ?? 1)))
    // Nobody leaves a sum before everybody has entered it.
    #expect(Set(sums.map(\.count)).count == 1 && sums[0].count > 40)
    for number in sums[0].indices {
      let (begins, ends) = (sums.map { $0[number].begin }, sums.map { $0[number].end })
      #expect(begins.reduce(-.infinity, max) <= ends.reduce(.infinity, min) + 2 * uncertainty + 1e-3, "sum \(number)")
    }
  }

  @Test
  func aTraceThatCannotBeWrittenIsKnownBeforeTheRun() throws {
    let run = try TrainingRun()
    let outcome = try run.train("run", ["trace=\(run.folder)/nowhere/trace.json"], ranks: 2)
    #expect(!outcome.succeeded && outcome.standardError.contains("nowhere: cannot write: No such file"), "\(outcome)")
    #expect(!outcome.standardError.contains("epoch 1/"), "\(outcome)")
  }

  /// A run that is asked to stop has its trace too.
  @Test
  func aStoppedRunHasATrace() throws {
    let run = try TrainingRun()
    let path = "\(run.folder)/trace.json"
    let outcome = try run.train("run", ["trace=\(path)", "stop-after=4"], ranks: 2)
    #expect(outcome.succeeded && outcome.standardOutput.contains("requested true"), "\(outcome)")
    let steps = try Self.spans(path).spans.filter { $0.row == 0 }
    #expect(steps.count >= 4 && Set(steps.map(\.rank)) == [0, 1])
  }
}
