/// metrics.csv: one line for each epoch, epochs counted from 1.
final class MetricsFile: RunRecorder {
  private var lines: PendingRecords
  private let isSynthetic: Bool

  /// Opens the file and removes the lines of later epochs than the `epochs` complete ones, so that it holds what the run has done.
  ///
  /// `heads` name columns; each line says whether its data is synthetic.
  init(_ path: String, epochs: Int, heads: [String], isSynthetic: Bool) throws {
    let columns =
      ["epoch", "step", "learning_rate", "loss"] + heads.map { "loss_\($0)" } + ["val_loss"]
      + heads.map { "val_loss_\($0)" } + ["images_per_s", "seconds", "data"]
    var kept = [columns.joined(separator: ",")]
    if FileSystem.exists(path) {
      kept += try FileSystem.lines(in: path).dropFirst().filter { line in
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        // The last line of a run that was killed may be a part of one.
        guard fields.count == columns.count, let epoch = Int(fields[0]) else { return false }
        return epoch <= epochs
      }
    }
    lines = try PendingRecords(path, keeping: kept)
    self.isSynthetic = isSynthetic
  }

  func record(_ event: RunEvent) throws(FileError) {
    guard case .epoch(let row) = event else { return }
    let fields: [String] = [
      "\(row.epoch)", "\(row.step)", "\(row.learningRate)", "\(row.losses.sum)", "\(row.losses.first)",
      "\(row.losses.second)", "\(row.validation.sum)", "\(row.validation.first)", "\(row.validation.second)",
      decimal(row.imagesPerSecond, places: 1), decimal(row.seconds, places: 2), isSynthetic ? "synthetic" : "files",
    ]
    try lines.append(fields.joined(separator: ","))
  }

  func flush() throws(FileError) { try lines.flush() }
}
