import Glibc
import TensorBoard

/// tensorboard/events.out.tfevents.*: what happens in a run, for TensorBoard.
///
/// Every start and every resume has a file of its own, as TensorBoard expects; a later one takes back what earlier ones say of steps that
/// are taken again, be it from the first.
final class TensorBoardRecorder: RunRecorder {
  private var records: PendingRecords
  private let heads: [String]
  private var hasTruth = false
  private static let prefix = "events.out.tfevents."

  /// Opens a new file in `folder`, which is made where it is missing, for a run that has taken `step` steps. Throws ``FileError``, also for a
  /// symbolic link in its place.
  init(_ folder: String, heads: [String], step: Int, host: String, time: Double = WallClock.now) throws {
    guard !FileSystem.isLink(folder) else { throw FileError(path: folder, operation: .write, code: ELOOP) }
    try FileSystem.makeDirectories(folder)
    let isAgain = try FileSystem.names(in: folder).contains { $0.hasPrefix(Self.prefix) }
    // TensorBoard reads the files of a folder in the order of their names; its own names begin like this one.
    records = try PendingRecords("\(folder)/\(Self.prefix)\(Int(time)).\(host).\(getpid())")
    self.heads = heads
    try records.append(TensorBoardEvent(time: time, step: 0, .version).record)
    if isAgain { try records.append(TensorBoardEvent(time: time, step: step + 1, .start).record) }
  }

  func record(_ event: RunEvent) throws(FileError) {
    let summaries = RunSummaries(heads: heads).summaries(of: event)
    guard !summaries.isEmpty else { return }
    try records.append(TensorBoardEvent(time: event.time, step: event.step, .summaries(summaries)).record)
  }

  func record(_ pairs: [SeparatedPair], step: Int) throws(FileError) {
    let summaries = RunSummaries(heads: heads).summaries(of: pairs, withTruth: !hasTruth)
    hasTruth = true
    try records.append(TensorBoardEvent(time: WallClock.now, step: step, .summaries(summaries)).record)
  }

  func flush() throws(FileError) { try records.flush() }
}
