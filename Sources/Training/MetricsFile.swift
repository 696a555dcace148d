/// metrics.csv: one line for each epoch, epochs counted from 1.
final class MetricsFile {
  /// One epoch.
  struct Row {
    var epoch: Int
    /// Steps done at its end.
    var step: Int
    /// Of its steps.
    var learningRate: Float
    /// Means over its steps.
    var losses: TrainingStep.Losses
    /// Means over the validation batches after it.
    var validation: TrainingStep.Losses
    var imagesPerSecond: Double
    /// Wall seconds since the run's first step.
    var seconds: Double
  }

  private let file: AppendedFile
  private let isSynthetic: Bool
  /// Lines that could not be added yet.
  private var pending: [String] = []

  /// Opens the file and removes the lines of later epochs than the `epochs` complete ones, so that it holds what the run has done.
  ///
  /// `heads` name columns; each line says whether its data is synthetic.
  init(_ path: String, epochs: Int, heads: [String], isSynthetic: Bool) throws {
    let columns =
      ["epoch", "step", "learning_rate", "loss"] + heads.map { "loss_\($0)" } + ["val_loss"]
      + heads.map { "val_loss_\($0)" } + ["images_per_s", "seconds", "data"]
    let header = columns.joined(separator: ",")
    var lines = [header]
    if FileSystem.exists(path) {
      let old = String(decoding: try FileSystem.read(path), as: UTF8.self)
      lines += old.split(separator: "\n").dropFirst().map(String.init).filter { line in
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        // The last line of a run that was killed may be a part of one.
        guard fields.count == columns.count, let epoch = Int(fields[0]) else { return false }
        return epoch <= epochs
      }
    }
    try FileSystem.writeAtomically(lines.map { $0 + "\n" }.joined(), to: path)
    file = try AppendedFile(path)
    self.isSynthetic = isSynthetic
  }

  /// Adds `row`. Throws ``FileError`` where the system refuses; the line is then added before the next one.
  func append(_ row: Row) throws {
    let fields: [String] = [
      "\(row.epoch)", "\(row.step)", "\(row.learningRate)", "\(row.losses.sum)", "\(row.losses.first)",
      "\(row.losses.second)", "\(row.validation.sum)", "\(row.validation.first)", "\(row.validation.second)",
      decimal(row.imagesPerSecond, places: 1), decimal(row.seconds, places: 2), isSynthetic ? "synthetic" : "files",
    ]
    pending.append(fields.joined(separator: ","))
    try flush()
  }

  /// Adds the lines that could not be added before. Throws ``FileError``.
  func flush() throws(FileError) {
    while let line = pending.first {
      try file.append(line)
      pending.removeFirst()
    }
  }
}
