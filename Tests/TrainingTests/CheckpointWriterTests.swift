import Foundation
import Model
import TestSupport
import Testing

@testable import Training

/// Checkpoints written in the background.
struct CheckpointWriterTests {
  private let folder: TemporaryFolder
  private let run = SmallRun()

  init() throws {
    folder = try TemporaryFolder()
    try FileSystem.makeDirectories(checkpoints.path)
  }

  private var checkpoints: CheckpointFolder { CheckpointFolder(folder("checkpoints")) }

  private func writer(keep: Int = 3, lock: RunLock? = nil) throws -> CheckpointWriter {
    try CheckpointWriter(folder: checkpoints, keep: keep, layout: run.layout, lock: lock, retryDelays: [0.01])
  }

  private func save(_ writer: CheckpointWriter, step: Int, number: Int = 1, _ lines: Lines = Lines()) throws {
    var description = run.description
    description.state.step = step
    try writer.save(description, run.buffers(current: run.buffer(number)), report: lines.add)
  }

  @Test
  func whatIsFinishedIsOnTheDisk() throws {
    let (writer, lines) = (try writer(), Lines())
    try save(writer, step: 5, lines)
    try writer.finish(report: lines.add)
    #expect(lines.all.isEmpty && writer.totals.written == 1)
    #expect(writer.totals.trainingSeconds > 0 && writer.totals.writerSeconds > 0)
    let checkpoint = try Checkpoint(contentsOf: checkpoints.file(step: 5))
    #expect(try checkpoint.weights(best: false) == run.buffer(1).array())
    #expect(try checkpoint.weights(best: true) == run.buffer(2).array())
    #expect(try checkpoint.moments().second == run.buffer(4, count: run.layout.trainedCount).array())
    #expect(try FileSystem.names(in: checkpoints.path) == ["step-0000000005.safetensors"])
  }

  @Test
  func trainingOnDoesNotChangeWhatIsWritten() throws {
    let writer = try writer()
    let weights = run.buffer(1)
    for step in 1...20 {
      try writer.save(run.description, run.buffers(current: weights, hasBest: false), report: { _ in })
      // As the next step does, while the thread is at work.
      let before = weights.array()
      weights.copy([Float](repeating: Float(step), count: weights.count))
      try writer.finish(report: { _ in })
      let file = try SafeTensorsFile(contentsOf: checkpoints.file(step: run.state.step))
      #expect(try file.weightValues(layout: run.layout, prefix: "current.") == before)
    }
  }

  @Test
  func aCheckpointWaitsForTheOneBeforeAndTheOldestGo() throws {
    let writer = try writer(keep: 2)
    for step in 1...12 { try save(writer, step: step, number: step) }
    try writer.finish(report: { _ in })
    #expect(writer.totals.written == 12)
    #expect(try checkpoints.steps() == [11, 12])
    for step in 11...12 {
      let checkpoint = try Checkpoint(contentsOf: checkpoints.file(step: step))
      #expect(try checkpoint.weights(best: false) == run.buffer(step).array())
    }
  }

  @Test
  func aWriterThatGoesFinishesItsWrite() throws {
    var writer: CheckpointWriter? = try writer()
    try save(#require(writer), step: 7)
    writer = nil
    #expect(try checkpoints.newestGood(report: { _ in })?.state.step == 7)
  }

  @Test
  func aFolderThatIsGoneIsMadeAnew() throws {
    let (writer, lines) = (try writer(), Lines())
    try FileManager.default.removeItem(atPath: checkpoints.path)
    try save(writer, step: 5)
    try writer.finish(report: lines.add)
    #expect(lines.all.count == 1 && lines.all[0].contains("made anew"))
    #expect(try checkpoints.steps() == [5])
  }

  /// Something in the way of the checkpoint's name: an error that does not pass.
  @Test
  func oneFailureIsReportedAndTwoInARowEndTheRun() throws {
    let (writer, lines) = (try writer(), Lines())
    for step in [2, 4, 5] { #expect(try FileSystem.makeNewDirectory(checkpoints.file(step: step))) }
    try save(writer, step: 1)
    try save(writer, step: 2)
    try save(writer, step: 3, lines)
    #expect(lines.all.count == 1 && lines.all[0].contains("step 2 is not saved; training goes on"), "\(lines.all)")
    // The third one made up for it, so the fourth is the first in a row again.
    try save(writer, step: 4, lines)
    #expect(lines.all.count == 2 && lines.all[1].contains("step 3 is saved again"), "\(lines.all)")
    try save(writer, step: 5, lines)
    #expect(lines.all.count == 3, "\(lines.all)")
    let error = try #require(throws: FileError.self) { try save(writer, step: 6, lines) }
    #expect(error.path == checkpoints.file(step: 5) && error.operation == .rename && !error.isTransient)
    #expect(lines.all.count == 4 && lines.all[3].contains("second in a row"), "\(lines.all)")
    #expect(try #require(lines.all.last).contains("to go on from step 3"))
    #expect(throws: FileError.self) { try writer.poll(report: lines.add) }
    #expect(try checkpoints.newestGood(report: { _ in })?.state.step == 3)
  }

  @Test
  func nothingIsClaimedWhereTheLastOneFailed() throws {
    let (writer, lines) = (try writer(), Lines())
    #expect(try FileSystem.makeNewDirectory(checkpoints.file(step: 2)))
    try save(writer, step: 2)
    #expect(throws: FileError.self) { try writer.finish(report: lines.add) }
    #expect(lines.all.count == 1 && writer.totals.written == 0)
  }

  @Test
  func aLinkInPlaceOfTheFolderIsNotWrittenThrough() throws {
    let (writer, lines) = (try writer(), Lines())
    try FileSystem.makeDirectories(folder("elsewhere"))
    try FileManager.default.removeItem(atPath: checkpoints.path)
    try folder.link("checkpoints", to: folder("elsewhere"))
    try save(writer, step: 1)
    let error = try #require(throws: FileError.self) { try writer.finish(report: lines.add) }
    #expect("\(error)".contains("symbolic link"), "\(error)")
    #expect(try FileSystem.names(in: folder("elsewhere")).isEmpty)
  }

  /// A write may take longer than another host waits for a sign of life.
  @Test
  func aRunShowsThatItLivesWhileItWrites() throws {
    let lock = try RunLock(folder: folder.path, report: { _ in })
    let writer = try writer(lock: lock)
    let long = Date(timeIntervalSinceNow: -3600)
    try FileManager.default.setAttributes([.modificationDate: long], ofItemAtPath: folder("lock"))
    try save(writer, step: 1)
    try writer.finish(report: { _ in })
    let attributes = try FileManager.default.attributesOfItem(atPath: folder("lock"))
    let shown = try #require(attributes[.modificationDate] as? Date)
    #expect(shown > Date(timeIntervalSinceNow: -600))
  }

  @Test
  func aRunWhoseFolderWasTakenOverWritesNoMore() throws {
    let lock = try RunLock(folder: folder.path, report: { _ in })
    let writer = try writer(lock: lock)
    try save(writer, step: 1)
    try writer.finish(report: { _ in })
    var other = LockOwner(generation: 2, job: nil)
    other.identity = ProcessIdentity(host: "elsewhere", process: 7, started: 1, boot: "x")
    try FileSystem.writeAtomically(other.text, to: folder("lock"))
    try save(writer, step: 2)
    let error = try #require(throws: RunLockError.self) { try writer.finish(report: { _ in }) }
    #expect(error == .takenOver(folder: folder.path, owner: other.name, generation: 1))
    #expect(error.category == .takenOver && other.name.contains("process 7 on elsewhere since"))
    #expect(try checkpoints.steps() == [1])
  }
}
