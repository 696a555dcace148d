/// A run that goes on elsewhere, as its folder shows it.
package struct WatchedRun {
  /// Where it stands; nil before its first record.
  package private(set) var progress: RunProgress?
  /// Said when it is over: how it ended, and the result; nil while it may go on.
  package private(set) var end: String?

  private let folder: RunFolder
  private var events: [RunEvent] = []

  /// Throws ``RunFolderError`` where `folder` holds no run.
  package init(_ folder: RunFolder) throws {
    guard FileSystem.isDirectory(folder.path) else { throw RunFolderError.missing(path: folder.path) }
    guard FileSystem.exists(folder.events) || FileSystem.exists(folder.configuration) else {
      throw RunFolderError.noRun(path: folder.path)
    }
    self.folder = folder
  }

  /// Reads the folder again; whether something happened since the last look. Throws ``FileError``.
  package mutating func look() throws -> Bool {
    guard FileSystem.exists(folder.events) else { return false }
    let found = try EventLog.events(in: folder.events)
    guard found != events else { return false }
    events = found
    progress = RunProgress(found)
    end = Self.end(of: found)
    return true
  }

  /// How the run ended, where its last event says so.
  private static func end(of events: [RunEvent]) -> String? {
    guard case .end(let end)? = events.last else { return nil }
    let how =
      switch end.reason {
      case .done: "done"
      case .early: "done: the recipe ended it early"
      case .asked: "stopped on request, with a checkpoint"
      }
    var text = "\(how), after step \(end.step) and \(clockTime(end.seconds))"
    for case .evaluation(let evaluation) in events.suffix(2) { text += "\n\(evaluation.result.summary)" }
    return text
  }

  /// In words: whether it goes on, and when it was last heard of.
  package var state: String {
    if let end { return end }
    guard let time = events.last?.time else { return "no step yet" }
    let age = WallClock.now - time
    let heard = "last record \(clockTime(max(0, age))) ago"
    // A record takes as long as the last ones; a pause of many is no pause.
    let usual = usualInterval ?? 60
    return age > max(120, 5 * usual) ? "\(heard): it may have ended without saying so" : "goes on, \(heard)"
  }

  /// Seconds between the last records since the run was started last: the longest of five.
  private var usualInterval: Double? { Self.usualInterval(of: events) }

  static func usualInterval(of events: [RunEvent]) -> Double? {
    let start = events.lastIndex { if case .start = $0 { true } else { false } } ?? events.startIndex
    let times = events[start...].suffix(6).map(\.time)
    return zip(times.dropFirst(), times).map { $0 - $1 }.max()
  }
}

/// A folder that is not what a command needs.
package enum RunFolderError: Error, Equatable, Sendable, CustomStringConvertible {
  case missing(path: String)
  /// There is no config.yaml and no metrics.jsonl.
  case noRun(path: String)

  package var description: String {
    switch self {
    case .missing(let path): "\(path): no such folder; name the --output of a run"
    case .noRun(let path): "\(path): no run's folder: it has no config.yaml and no metrics.jsonl"
    }
  }
}
