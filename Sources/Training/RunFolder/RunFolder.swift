import Glibc

/// The folder of a run and the names in it.
package struct RunFolder: Sendable {
  package let path: String

  /// Takes `path` as a run folder and makes it where it is missing. Throws ``FileError``.
  package init(_ path: String) throws {
    self.init(existing: path)
    try FileSystem.makeDirectories(self.path)
  }

  /// Takes `path` as a run folder, whether it is there or not.
  package init(existing path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// A folder of its own under `parent`, named after the date and time. Throws ``FileError``.
  package static func new(under parent: String = "runs") throws -> RunFolder {
    try FileSystem.makeDirectories(parent)
    let name = "\(parent)/\(LocalTime.now.text(between: "-", colon: ""))"
    // Runs that start within one second must not share a folder.
    for number in 1... {
      let path = number == 1 ? name : "\(name)-\(number)"
      if try FileSystem.makeNewDirectory(path) { return try RunFolder(path) }
    }
    preconditionFailure("an endless loop ended")
  }

  package var checkpoints: CheckpointFolder { CheckpointFolder("\(path)/checkpoints") }
  package var configuration: String { "\(path)/config.yaml" }
  package var log: String { "\(path)/log.txt" }
  package var metrics: String { "\(path)/metrics.csv" }
  /// See ``EventLog``.
  package var events: String { "\(path)/metrics.jsonl" }
  /// See ``TensorBoardRecorder``.
  package var tensorBoard: String { "\(path)/tensorboard" }
  package var bestWeights: String { "\(path)/best.safetensors" }
  package var evaluation: String { "\(path)/evaluation.json" }
  package var samples: String { "\(path)/samples.png" }
  /// See ``SampleSet``.
  package var sampleSet: String { "\(path)/samples.safetensors" }
  /// See ``ReportPage``.
  package var report: String { "\(path)/report.html" }
  /// See ``FailedStep``.
  package var failedStep: String { "\(path)/failed-step.json" }
  package var failedStepWeights: String { "\(path)/failed-step.safetensors" }

  /// Whether a run came to its end here: only then are there best weights as a file. Its checkpoints may be gone since.
  var isOfEndedRun: Bool { FileSystem.exists(bestWeights) }

  /// Moves what an earlier run left into a folder of its own, a run folder too, so that this run's files are alone; its path, nil where
  /// there is nothing. Checkpoints go first: without them nothing is taken for this run's.
  func setAsideEarlierRun() throws -> String? {
    let files = [
      checkpoints.path, metrics, events, tensorBoard, bestWeights, evaluation, samples, sampleSet, report, failedStep,
      failedStepWeights, configuration, log,
    ].filter { FileSystem.exists($0) }
    guard !files.isEmpty else { return nil }
    let name = "\(path)/before-\(LocalTime.now.text(between: "-", colon: ""))"
    for number in 1... {
      let new = number == 1 ? name : "\(name)-\(number)"
      guard try FileSystem.makeNewDirectory(new) else { continue }
      for file in files { try FileSystem.rename(file, to: "\(new)/\(FileSystem.split(file).name)") }
      return new
    }
    preconditionFailure("an endless loop ended")
  }

  /// Whether `file` lies in this run's folder of checkpoints, whatever way the path takes.
  func ownsCheckpoint(_ file: String) -> Bool {
    guard let own = Self.canonical(checkpoints.path) else { return false }
    return Self.canonical(FileSystem.split(file).folder) == own
  }

  /// Whether `file` is a state of the run whose files lie here: one of its checkpoints, or what it kept of a failed step.
  func holdsState(_ file: String) -> Bool {
    if ownsCheckpoint(file) { return true }
    guard let failed = Self.canonical(failedStepWeights) else { return false }
    return Self.canonical(file) == failed
  }

  private static func canonical(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}
