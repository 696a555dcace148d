/// metrics.jsonl: every ``RunEvent`` of a run, one JSON object on each line, in order.
package final class EventLog: RunRecorder {
  private var lines: PendingRecords

  /// Opens the file and removes what happened after `step` steps and `epoch` complete epochs, so that it holds what the run has done. An
  /// end at `step` goes too: the run goes on.
  init(_ path: String, step: Int, epoch: Int) throws {
    var kept: [RunEvent] = []
    if FileSystem.exists(path) {
      kept = try Self.events(in: path).filter { event in
        switch event {
        case .end, .evaluation: event.step < step
        // A checkpoint may stand between an epoch's last step and its validation.
        case .epoch(let record): record.epoch <= epoch
        default: event.step <= step
        }
      }
    }
    lines = try PendingRecords(path, keeping: kept.map { JSONText.encode($0) })
  }

  package func record(_ event: RunEvent) throws(FileError) { try lines.append(JSONText.encode(event)) }

  package func flush() throws(FileError) { try lines.flush() }

  /// The events in the file at `path`. Lines that are none are left out: the last one of a run that was killed may be a part.
  /// Throws ``FileError``.
  package static func events(in path: String) throws -> [RunEvent] {
    try FileSystem.lines(in: path).compactMap { try? JSONText.decode(RunEvent.self, from: $0) }
  }
}
