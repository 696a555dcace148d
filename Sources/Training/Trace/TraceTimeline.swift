import Distributed

/// The marks of one rank as spans, on rank 0's clock.
struct TraceTimeline {
  /// A stretch of time.
  struct Span: Equatable {
    enum Row: Int, CaseIterable {
      /// Whole steps.
      case steps = 0
      /// Phases, and the collectives inside of them.
      case work = 1
    }
    enum Category: String { case step, phase, collective }

    var name: String
    var category: Category
    var row: Row
    /// Nanoseconds on rank 0's clock.
    var begin: Int64
    var end: Int64
  }

  /// In the order of their ends.
  private(set) var spans: [Span] = []

  /// What `marks` say, in the order in which they were taken. What began before the first of them, or ends after the last, is left out.
  init(_ marks: [TraceMark], clock: TraceClock) {
    var (phase, collective): (Span?, Span?)
    var stepBegin: Int64?
    for mark in marks {
      let time = clock.rootTime(mark.time)
      func close(_ span: inout Span?) {
        guard var closed = span.take() else { return }
        closed.end = time
        spans.append(closed)
      }
      switch mark.kind {
      case .phase(let new):
        close(&phase)
        phase = Span(name: new.name, category: .phase, row: .work, begin: time, end: time)
        if new == .makingPairs { stepBegin = time }
      case .collective(let kind):
        collective = Span(name: kind.name, category: .collective, row: .work, begin: time, end: time)
      case .left:
        close(&collective)
      case .step(let number):
        close(&phase)
        if let begin = stepBegin.take() {
          spans.append(Span(name: "step \(number)", category: .step, row: .steps, begin: begin, end: time))
        }
      }
    }
  }
}
