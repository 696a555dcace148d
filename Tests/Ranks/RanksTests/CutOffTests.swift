import Foundation
import Model
import TestSupport
import Testing

@testable import Training

/// Runs that are killed, or refused by the disk, at a call that changes something in their folder.
@Suite(.serialized)
struct CutOffTests {
  private let folder: TemporaryFolder
  private var run: String { folder.path + "/run" }
  private var checkpoints: CheckpointFolder { CheckpointFolder(run + "/checkpoints") }

  init() throws { folder = try TemporaryFolder() }

  private func checks(_ arguments: [String], _ environment: [String: String] = [:]) throws -> MPIRun.Outcome {
    try MPIRun("TrainingChecks", arguments, ranks: nil, environment: environment, limit: .seconds(120)).run()
  }

  /// A run of one epoch; its checkpoint, at step 6.
  private func trained() throws -> String {
    let outcome = try checks(["train", "output=\(folder.path)/source", "epochs=1", "rounds=0"])
    try #require(outcome.succeeded, "\(outcome)")
    return CheckpointFolder("\(folder.path)/source/checkpoints").file(step: 6)
  }

  @Test
  func whereverARunIsKilledItsFolderHoldsTheOldCheckpointOrTheNewOne() throws {
    let source = try trained()
    let files = FileManager.default
    let old = try Checkpoint(contentsOf: source)
    let weights = (old: try old.weights(best: false), new: try old.weights(best: false).map { 2 * $0 })
    var (cut, foundOld, foundNew, orphans) = (0, 0, 0, 0)
    for call in 1... {
      try? files.removeItem(atPath: run)
      try files.createDirectory(atPath: checkpoints.path, withIntermediateDirectories: true)
      try files.copyItem(atPath: source, toPath: checkpoints.file(step: 6))
      try NetworkWeights(old, choice: .best).write(to: run + "/best.safetensors")
      let bestBefore = try SafeTensorsFile(contentsOf: run + "/best.safetensors").tensors

      let outcome = try checks(["save", "from=\(source)", "output=\(run)"], MPIRun.fileFaults(under: run, at: call))
      let newest = try #require(try checkpoints.newestGood { Issue.record("call \(call): \($0)") })
      let isNew = newest.state.step == 7
      #expect(try newest.weights(best: false) == (isNew ? weights.new : weights.old), "call \(call)")
      let best = try SafeTensorsFile(contentsOf: run + "/best.safetensors").tensors
      let isNewBest = try best[0].floats() == bestBefore[0].floats().map { 2 * $0 }
      #expect(isNewBest || best == bestBefore, "call \(call)")
      if outcome.succeeded {
        #expect(isNew && isNewBest && !FileSystem.exists(checkpoints.file(step: 6)))
        break
      }
      #expect(outcome.exitCode == 128 + SIGKILL, "call \(call): \(outcome)")
      (cut, foundOld, foundNew) = (cut + 1, foundOld + (isNew ? 0 : 1), foundNew + (isNew ? 1 : 0))

      // The next start takes the lock of the dead and removes what it left half-written.
      var lines: [String] = []
      let lock = try RunLock(folder: run, patience: 0, job: nil) { lines.append($0) }
      withExtendedLifetime(lock) {}
      orphans += try FileSystem.removeOrphans(in: run) + FileSystem.removeOrphans(in: checkpoints.path)
      let names = try FileSystem.names(in: run) + FileSystem.names(in: checkpoints.path)
      #expect(!names.contains { $0.hasSuffix(".tmp") }, "call \(call): \(names)")
    }
    // Lock, checkpoint, removal, best weights: at the least open, write, fsync, rename and fsync of each.
    #expect(cut >= 14 && foundOld >= 5 && foundNew >= 5 && orphans >= 6, "\(cut) \(foundOld) \(foundNew) \(orphans)")
  }

  /// The whole program, cut off all over, goes on to the same end: at its start, in and between its checkpoints of steps 2 to 10, in its
  /// best weights and in its evaluation.
  @Test(arguments: [
    ("", 2), ("", 9), ("", 23), ("/checkpoints", 9), ("/checkpoints", 16), ("/checkpoints", 23), ("/checkpoints", 30),
    ("/checkpoints", 37), ("/.best", 2), ("/.evaluation", 2),
  ])
  func aRunThatIsKilledAtAnyCallGoesOnToTheSameEnd(place: String, call: Int) throws {
    let arguments = ["epochs=2", "steps-per-epoch=5", "batch=4", "checkpoint-every=2", "keep=2"]
    let whole = try checks(["train", "output=\(folder.path)/whole"] + arguments)
    #expect(whole.succeeded, "\(whole)")
    let killed = try checks(["train", "output=\(run)"] + arguments, MPIRun.fileFaults(under: run + place, at: call))
    #expect(killed.exitCode == 128 + SIGKILL, "\(killed)")
    let resumed = try checks(["train", "output=\(run)"] + arguments)
    #expect(resumed.succeeded, "\(resumed)")
    // One that began anew would end the same: of the start alone there is no checkpoint.
    #expect(resumed.standardError.contains("resume point: none") == place.isEmpty, "\(resumed)")
    let ends = try ["whole", "run"].map { name in
      try Checkpoint(contentsOf: CheckpointFolder("\(folder.path)/\(name)/checkpoints").file(step: 10))
    }
    for best in [false, true] { #expect(try ends[0].weights(best: best) == ends[1].weights(best: best)) }
    #expect(try ends[0].moments() == ends[1].moments())
    for name in ["best.safetensors", "evaluation.json"] {
      #expect(try FileSystem.read("\(folder.path)/whole/\(name)") == FileSystem.read("\(run)/\(name)"), "\(name)")
    }
    let names = try FileSystem.names(in: run) + FileSystem.names(in: checkpoints.path)
    #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(names)")
  }
}
