/// Why a report of a folder cannot be made.
package enum ReportError: Error, Equatable, CustomStringConvertible, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// Sysexits 66.
    case inputMissing
    /// Sysexits 65.
    case badData
  }

  /// There is no folder `path`.
  case missingFolder(path: String)
  /// The folder `path` has no metrics.jsonl in which a run began.
  case noRun(path: String)
  /// The file `path` is not what a run writes.
  case damaged(path: String, problem: String)

  package var category: Category {
    switch self {
    case .missingFolder, .noRun: .inputMissing
    case .damaged: .badData
    }
  }

  package var description: String {
    switch self {
    case .missingFolder(let path): "\(path): no such run folder"
    case .noRun(let path): "\(path): no run folder: it has no metrics.jsonl in which a run began"
    case .damaged(let path, let problem): "\(path): not what a run writes: \(problem)"
    }
  }
}
