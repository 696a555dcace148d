import Dataset
import Glibc

/// What rank 0 finds before a run: its folder, and the checkpoint to go on from.
struct RunStart {
  let folder: RunFolder
  /// The run's hold on the folder, until this goes.
  let lock: RunLock
  /// nil: from the beginning, or forgotten.
  private(set) var checkpoint: Checkpoint?
  /// That of the checkpoint.
  let planBefore: RunPlan?
  /// Where the run begins, in words.
  let resumePoint: String
  /// The file that the run begins from now; nil where it goes on from its own checkpoints or from the beginning.
  let origin: TrainingState.Origin?
  /// The weights of the file that a new run begins with; nil where it names none, or goes on from a checkpoint.
  private(set) var initialWeights: NetworkWeights?
  /// Lines about what was found.
  let notes: [String]

  /// Does what `configuration.output` and `configuration.resume` ask for.
  ///
  /// Without an output the folder is always new. `auto` takes the newest good checkpoint of the output, `never` none; a
  /// path takes that file, or where the newest good checkpoint of the output began from it, that one: the same command again goes on.
  /// What another run left in the output is moved aside, and checkpoints that the run does not continue are renamed, never removed.
  /// Files that dead processes left half-written are removed. `report` gets lines while the folder is taken.
  /// Throws ``CheckpointError``, ``RunLockError``, ``FileError``, or ``RunError/usage(option:reason:)`` where `--initial-weights` are
  /// another network's.
  static func decide(
    _ configuration: RunConfiguration, sources: SourceData, report: (String) -> Void = { _ in }
  ) throws -> RunStart {
    var notes: [String] = []
    let isNew = configuration.output.isEmpty
    let named = ["auto", "never"].contains(configuration.resume) ? nil : configuration.resume
    let mayGoOn = configuration.resume != "never" && !isNew && FileSystem.exists(configuration.output)
    // Read first: a wrong path should not leave a folder behind.
    var checkpoint: Checkpoint?
    if let named, !mayGoOn || FileSystem.exists(named) { checkpoint = try Checkpoint(contentsOf: named) }
    try checkpoint?.checkFits(configuration, fingerprint: sources.fingerprint)
    var initialWeights: NetworkWeights?
    if checkpoint == nil && !mayGoOn { initialWeights = try weights(of: configuration) }

    let folder = isNew ? try RunFolder.new() : try RunFolder(configuration.output)
    let lock = try RunLock(folder: folder.path, report: report)
    let checkpoints = folder.checkpoints
    guard !FileSystem.isLink(checkpoints.path) else {
      throw FileError(path: checkpoints.path, operation: .write, code: ELOOP)
    }
    let orphans = try FileSystem.removeOrphans(in: folder.path) + FileSystem.removeOrphans(in: checkpoints.path)
    if orphans > 0 {
      notes.append("removed \(orphans) unfinished \(orphans == 1 ? "file" : "files") of a run that was cut off")
    }
    var origin: TrainingState.Origin?
    if configuration.resume == "auto" {
      checkpoint = try checkpoints.newestGood { notes.append($0) }
      try checkpoint?.checkFits(configuration, fingerprint: sources.fingerprint)
      if mayGoOn && checkpoint == nil { initialWeights = try weights(of: configuration) }
    } else if let named {
      if let own = try newest(of: checkpoints, from: named, checkpoint, report: { notes.append($0) }) {
        try own.checkFits(configuration, fingerprint: sources.fingerprint)
        notes.append("the run began from \(named) and goes on from what it has saved since")
        checkpoint = own
      } else if let checkpoint {
        origin = .init(path: named, sha256: checkpoint.sha256)
      } else {
        throw CheckpointError.missing(path: named)
      }
    }
    if let checkpoint, folder.holdsState(checkpoint.path) {
      for name in try checkpoints.setAside(after: checkpoint.state.step) {
        notes.append("a later checkpoint is now \(name)")
      }
    } else if configuration.resume != "auto" || folder.isOfEndedRun, let name = try folder.setAsideEarlierRun() {
      notes.append("what an earlier run left here is now in \(name)")
    }
    try FileSystem.makeDirectories(checkpoints.path)
    if initialWeights != nil, let path = configuration.initialWeights { notes.append("first weights: \(path)") }
    if let kept = checkpoint?.plan.bucketBytes, kept != configuration.bucketBytes {
      notes.append("gradients travel in the checkpoint's buckets of \(kept) bytes, not of \(configuration.bucketBytes)")
    }
    return RunStart(
      folder: folder, lock: lock, checkpoint: checkpoint, planBefore: checkpoint?.plan,
      resumePoint: resumePoint(checkpoint), origin: origin, initialWeights: initialWeights, notes: notes)
  }

  /// Once they are copied: they take as much memory as what the run works on.
  mutating func forgetWeights() { (checkpoint, initialWeights) = (nil, nil) }

  /// The newest good checkpoint of the folder, where it is of a run that began from the file `named`, which is `checkpoint`, or nil where
  /// it is gone by now; nil where it is of another run.
  private static func newest(
    of checkpoints: CheckpointFolder, from named: String, _ checkpoint: Checkpoint?, report: (String) -> Void
  ) throws -> Checkpoint? {
    let own: Checkpoint?
    do {
      own = try checkpoints.newestGood(report: report)
    } catch CheckpointError.noneGood {
      return nil
    }
    guard let own, let origin = own.state.origin else { return nil }
    guard let checkpoint else { return named == origin.path ? own : nil }
    // The run may have written over the file that it began from: one of its own folder, of the same step.
    let isWrittenOver = named == origin.path && checkpoint.state.origin == origin
    return checkpoint.sha256 == origin.sha256 || isWrittenOver ? own : nil
  }

  /// What `configuration.initialWeights` names; nil where it names nothing.
  private static func weights(of configuration: RunConfiguration) throws -> NetworkWeights? {
    guard let path = configuration.initialWeights else { return nil }
    let weights = try NetworkWeights(contentsOf: path)
    guard weights.configuration == configuration.network else {
      throw RunError.usage(
        option: "--initial-weights",
        reason: "\(path) has \(weights.configuration.summary), this run \(configuration.network.summary)")
    }
    return weights
  }

  private static func resumePoint(_ checkpoint: Checkpoint?) -> String {
    guard let checkpoint else { return "none, from the beginning" }
    let state = checkpoint.state
    return "\(checkpoint.path), step \(state.step), \(state.epoch) epochs complete"
  }
}
