import Dataset

/// What rank 0 finds before a run: its folder, and the checkpoint to go on from.
struct RunStart {
  let folder: RunFolder
  /// nil: from the beginning.
  let checkpoint: Checkpoint?
  /// Lines about what was found.
  let notes: [String]

  /// Does what `configuration.output` and `configuration.resume` ask for.
  ///
  /// Without an output the folder is always new. `auto` takes the newest good checkpoint of the output, `never` none; a
  /// path takes that file. Checkpoints in the output that the run does not continue are renamed, never removed.
  /// Throws ``CheckpointError`` or ``FileError``.
  static func decide(_ configuration: RunConfiguration, sources: SourceData) throws -> RunStart {
    var notes: [String] = []
    let isNew = configuration.output.isEmpty
    // Read first: a wrong path should not leave a folder behind.
    var checkpoint: Checkpoint?
    if !["auto", "never"].contains(configuration.resume) {
      checkpoint = try Checkpoint(contentsOf: configuration.resume)
    }
    try checkpoint?.checkFits(configuration, fingerprint: sources.fingerprint)

    let folder = isNew ? try RunFolder.new() : try RunFolder(configuration.output)
    if configuration.resume == "auto" {
      checkpoint = try folder.checkpoints.newestGood { notes.append($0) }
      try checkpoint?.checkFits(configuration, fingerprint: sources.fingerprint)
    }
    if let checkpoint, folder.ownsCheckpoint(checkpoint.path) {
      for name in try folder.checkpoints.setAside(after: checkpoint.state.step) {
        notes.append("a later checkpoint is now \(name)")
      }
    } else if let name = try folder.setAsideCheckpoints() {
      notes.append("the checkpoints of an earlier run are now in \(name)")
    }
    try FileSystem.makeDirectories(folder.checkpoints.path)
    return RunStart(folder: folder, checkpoint: checkpoint, notes: notes)
  }

  /// Where the run begins, in words.
  var resumePoint: String {
    guard let checkpoint else { return "none, from the beginning" }
    let state = checkpoint.state
    return "\(checkpoint.path), step \(state.step), \(state.epoch) epochs complete"
  }
}
