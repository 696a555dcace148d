import Foundation
import TestSupport
import Testing

@testable import Training

struct WatchTests {
  /// A run that is done says so, with its result, whether it is watched once or for as long as it goes on.
  @Test(arguments: [["--once"], []])
  func aRunThatIsDoneShowsItsResult(flags: [String]) throws {
    let run = try TinyRun.done()
    let outcome = try launch(["watch", run.folder] + flags)
    #expect(outcome.succeeded && outcome.standardError.isEmpty, "\(outcome)")
    let lines = outcome.standardOutput.split(separator: "\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("epoch ") && lines[0].contains("images/s"), "\(outcome)")
    #expect(lines[1].hasPrefix("done, after step ") && lines[2].hasPrefix("evaluation"), "\(outcome)")
    #expect(!outcome.standardOutput.contains("\u{1B}"))
  }

  /// While it goes on, what happens is shown; its end ends the watching.
  @Test
  func aRunIsFollowedToItsEnd() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch("run")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let log = try EventLog(RunFolder(existing: folder).events, step: 0, epoch: 0)
    try log.record(.start(Self.start))
    let watching = try launcher(["watch", folder, "--interval", "0.1"]).start()
    // Its first word says that it looks.
    #expect(watching.waits { !$0.standardOutputSoFar.isEmpty })
    try log.record(Self.steps(5))
    #expect(watching.waits { $0.standardOutputSoFar.contains("step 5/20") })
    try log.record(Self.steps(10))
    try log.record(.end(.init(time: WallClock.now, step: 10, reason: .asked, seconds: 61)))
    let outcome = watching.wait()
    #expect(outcome.succeeded, "\(outcome)")
    let lines = outcome.standardOutput.split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("epoch 1/3  step 5/20  loss 0.5000  64 images/s  ETA 0:") }, "\(outcome)")
    #expect(lines.last == "stopped on request, with a checkpoint, after step 10 and 1:01", "\(outcome)")
  }

  @Test
  func aRunThatIsSilentForLongMayBeDead() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch("run")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let log = try EventLog(RunFolder(existing: folder).events, step: 0, epoch: 0)
    var steps = Self.steps(5)
    if case .steps(var record) = steps {
      record.time -= 1000
      steps = .steps(record)
    }
    try log.record(.start(Self.start))
    try log.record(steps)
    let silent = try launch(["watch", folder, "--once"])
    #expect(silent.succeeded && silent.standardOutput.contains("may have ended without saying so"), "\(silent)")
    try log.record(Self.steps(10))
    let alive = try launch(["watch", folder, "--once"])
    #expect(alive.succeeded && alive.standardOutput.contains("goes on, last record 0:0"), "\(alive)")
  }

  /// A run that died is told from one that goes on also where it is followed.
  @Test
  func aSilentRunIsFollowedWithAWord() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch("run")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let log = try EventLog(RunFolder(existing: folder).events, step: 0, epoch: 0)
    var start = Self.start
    start.time -= 1000
    try log.record(.start(start))
    let watching = try launcher(["watch", folder, "--interval", "0.1"]).start()
    let isSaid = watching.waits { $0.standardOutputSoFar.contains("it may have ended without saying so") }
    watching.signal(SIGINT)
    let outcome = watching.wait()
    #expect(isSaid && outcome.exitCode == 128 + SIGINT, "\(outcome)")
  }

  @Test
  func aFolderThatIsNoRunIsRefused() throws {
    let scratch = try TemporaryFolder()
    let missing = try launch(["watch", scratch("nothing")])
    #expect(missing.exitCode == 66 && missing.standardError.contains("no such folder"), "\(missing)")
    let foreign = try launch(["watch", scratch.path])
    #expect(foreign.exitCode == 66 && foreign.standardError.contains("no run's folder"), "\(foreign)")
  }

  private static var start: StartRecord {
    StartRecord(
      time: WallClock.now, step: 0, epoch: 0, epochs: 3, stepsPerEpoch: 20, validationSteps: 1, globalBatch: 32,
      parameters: 1, heads: ["a", "b"], data: "files", precision: "f32", recipe: "notebook", hosts: ["h"], threads: 1)
  }

  private static func steps(_ step: Int) -> RunEvent {
    .steps(
      .init(
        time: WallClock.now, step: step, epoch: 1, stepInEpoch: step, count: 5,
        losses: .init(first: 0.25, second: 0.25),
        learningRate: 1e-3, gradientNorm: 1, imagesPerSecond: 64, seconds: 4,
        ranks: [.init(pairs: 32, data: 0, compute: 0.5, communication: 0)]))
  }
}
