import Foundation
import Model
import TestSupport
import Testing

@testable import Training

struct RunStartTests {
  private let folder: TemporaryFolder
  private var run = SmallRun()
  private let sources = SmallRun.sources

  init() throws {
    folder = try TemporaryFolder()
    run.configuration.output = folder.path
  }

  private var checkpoints: CheckpointFolder { CheckpointFolder(folder("checkpoints")) }

  /// Checkpoints of these steps, made with `sources`.
  private func make(_ steps: Int...) throws {
    try FileSystem.makeDirectories(checkpoints.path)
    for step in steps {
      var run = run
      run.state.step = step
      let bytes = run.serialized(fingerprint: sources.fingerprint)
      try FileSystem.writeAtomically(bytes, to: checkpoints.file(step: step))
    }
  }

  /// A checkpoint of `step` that lies beside the folder's own.
  private func file(step: Int) throws -> String {
    var run = run
    run.state.step = step
    try FileSystem.writeAtomically(run.serialized(fingerprint: sources.fingerprint), to: folder("mine.safetensors"))
    return folder("mine.safetensors")
  }

  private func damage(_ step: Int) throws {
    var bytes = try FileSystem.read(checkpoints.file(step: step))
    bytes[bytes.count - 1] ^= 1
    try FileSystem.writeAtomically(bytes, to: checkpoints.file(step: step))
  }

  private func start(_ resume: String = "auto") throws -> RunStart {
    var configuration = run.configuration
    configuration.resume = resume
    return try RunStart.decide(configuration, sources: sources)
  }

  @Test
  func namesHaveTenDigitsAndSortBySteps() throws {
    #expect(checkpoints.file(step: 1687).hasSuffix("/step-0000001687.safetensors"))
    try make(9, 1000, 20)
    try FileSystem.writeAtomically("", to: folder("checkpoints/step-x.safetensors"))
    try FileSystem.writeAtomically("", to: folder("checkpoints/other"))
    #expect(try checkpoints.steps() == [9, 20, 1000])
    try checkpoints.keepNewest(2)
    #expect(try checkpoints.steps() == [20, 1000])
  }

  @Test
  func anEmptyFolderStartsFromTheBeginning() throws {
    let start = try start()
    #expect(start.checkpoint == nil && start.notes.isEmpty)
    #expect(FileSystem.isDirectory(folder("checkpoints")))
  }

  @Test
  func autoTakesTheNewest() throws {
    try make(6, 12)
    let start = try start()
    #expect(start.checkpoint?.state.step == 12 && start.notes.isEmpty)
    #expect(start.resumePoint.contains("step 12"))
  }

  @Test
  func aDamagedNewestFallsToTheOneBefore() throws {
    try make(6, 12)
    try damage(12)
    let start = try start()
    #expect(start.checkpoint?.state.step == 6)
    #expect(
      start.notes.contains {
        $0.contains("step-0000000012") && $0.contains("SHA-256") && $0.contains("adam.second_moments")
      })
    // It would be the newest again.
    #expect(try checkpoints.steps() == [6])
    #expect(try FileSystem.names(in: checkpoints.path).contains("step-0000000012.safetensors.superseded"))
  }

  @Test
  func onlyDamagedOnesAreAnError() throws {
    try make(6, 12)
    try damage(6)
    try damage(12)
    let error = try #require(throws: CheckpointError.self) { try start() }
    guard case .noneGood(checkpoints.path, 2, let newest) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(newest.contains("step-0000000012") && newest.contains("SHA-256"), "\(error)")
    #expect(try checkpoints.steps() == [6, 12])
  }

  @Test
  func neverPutsOldCheckpointsAside() throws {
    try make(6)
    let start = try start("never")
    #expect(start.checkpoint == nil && start.notes.count == 1)
    #expect(try checkpoints.steps().isEmpty)
    let name = try #require(FileSystem.names(in: folder.path).first { $0.hasPrefix("before-") })
    #expect(try CheckpointFolder(folder("\(name)/checkpoints")).steps() == [6])
  }

  /// Metrics, pictures and weights of another run would be taken for this one's.
  @Test
  func allThatAnotherRunLeftGoesAsideWithItsCheckpoints() throws {
    try make(6, 12)
    let files = ["metrics.csv", "metrics.jsonl", "best.safetensors", "evaluation.json", "config.yaml", "log.txt"]
    for name in files { try FileSystem.writeAtomically("old", to: folder(name)) }
    try FileSystem.makeDirectories(folder("tensorboard"))
    let elsewhere = try file(step: 6)
    _ = try start(elsewhere)
    let name = try #require(FileSystem.names(in: folder.path).first { $0.hasPrefix("before-") })
    #expect(try Set(FileSystem.names(in: folder(name))) == Set(files + ["checkpoints", "tensorboard"]))
    #expect(try Set(FileSystem.names(in: folder.path)).isDisjoint(with: files + ["tensorboard"]))
  }

  /// Who needs room deletes the checkpoints of a run that is done, and may then start the same command again.
  @Test
  func whatAnEndedRunLeftGoesAsideWhereItsCheckpointsAreGone() throws {
    let files = ["metrics.csv", "best.safetensors", "evaluation.json", "config.yaml"]
    for name in files { try FileSystem.writeAtomically("old", to: folder(name)) }
    let start = try start()
    #expect(start.checkpoint == nil && start.notes.count == 1, "\(start.notes)")
    let name = try #require(FileSystem.names(in: folder.path).first { $0.hasPrefix("before-") })
    #expect(try Set(FileSystem.names(in: folder(name))) == Set(files))
  }

  @Test
  func whatTwoTurnsBackLeaveBehindIsAllKept() throws {
    try make(6, 12)
    _ = try start(checkpoints.file(step: 6))
    try make(12)
    _ = try start(checkpoints.file(step: 6))
    let names = try FileSystem.names(in: checkpoints.path)
    let name = "step-0000000012.safetensors.superseded"
    #expect(names == ["step-0000000006.safetensors", name, "\(name)-2"])
  }

  /// A run that is asked to stop promises that the same command goes on.
  @Test
  func aRunThatBeganFromAFileGoesOnFromWhatItSavedSince() throws {
    let elsewhere = try file(step: 6)
    try FileSystem.remove(checkpoints.file(step: 6))
    func begin() throws -> TrainingState.Origin? {
      let begun = try start(elsewhere)
      #expect(begun.checkpoint?.state.step == 6)
      return begun.origin
    }
    let origin = try #require(try begin())
    var later = run
    (later.state.step, later.state.origin) = (9, origin)
    try FileSystem.writeAtomically(
      later.serialized(fingerprint: sources.fingerprint), to: checkpoints.file(step: 9))
    for isGone in [false, true] {
      if isGone { try FileSystem.remove(elsewhere) }
      let again = try start(elsewhere)
      #expect(again.checkpoint?.state.step == 9 && again.origin == nil && again.notes.count == 1)
      #expect(try checkpoints.steps() == [9])
    }
    // Another file is another beginning.
    let other = try start(file(step: 3))
    #expect(other.checkpoint?.state.step == 3 && other.origin != nil && other.origin != origin)
  }

  /// Stopped in a validation, a run goes on from its last checkpoint by name and writes another of the same step over it.
  @Test
  func aRunThatWroteOverTheFileItBeganFromGoesOnAllTheSame() throws {
    try make(6)
    let named = checkpoints.file(step: 6)
    let origin = try #require(try start(named).origin)
    for step in [6, 9] {
      var later = run
      (later.state.step, later.state.origin) = (step, origin)
      try FileSystem.writeAtomically(
        later.serialized(fingerprint: sources.fingerprint), to: checkpoints.file(step: step))
    }
    let again = try start(named)
    #expect(again.checkpoint?.state.step == 9 && again.origin == nil)
    #expect(try checkpoints.steps() == [6, 9])
  }

  /// Messages of another size would add up in another order.
  @Test
  func aRunKeepsItsBucketsAndSaysSo() throws {
    try make(6)
    var configuration = run.configuration
    configuration.bucketBytes = 8192
    let start = try RunStart.decide(configuration, sources: sources)
    #expect(start.notes == ["gradients travel in the checkpoint's buckets of 4096 bytes, not of 8192"])
  }

  @Test
  func whatIsSaidOfTheBeginningOutlivesItsWeights() throws {
    try make(6)
    var start = try start()
    let text = start.resumePoint
    start.forgetWeights()
    #expect(start.checkpoint == nil && start.initialWeights == nil)
    #expect(start.resumePoint == text && text.contains("step 6") && start.planBefore == run.plan)
  }

  @Test
  func aFileThatIsNotThereIsNoBeginning() throws {
    try make(6)
    #expect(throws: CheckpointError.missing(path: folder("nowhere"))) { try start(folder("nowhere")) }
    #expect(try checkpoints.steps() == [6])
  }

  @Test
  func whatCannotBeReadNowOrByThisProgramIsNotPassedOver() throws {
    try make(6, 12)
    let bytes = try run.altered(fingerprint: sources.fingerprint) { $0.metadata["version"] = "3" }
    try FileSystem.writeAtomically(bytes, to: checkpoints.file(step: 12))
    #expect(throws: CheckpointError.otherVersion(path: checkpoints.file(step: 12), found: "3")) { try start() }
    // A regular file that the system does not let anybody read.
    try FileSystem.remove(checkpoints.file(step: 12))
    try FileManager.default.createSymbolicLink(
      atPath: checkpoints.file(step: 12), withDestinationPath: "/sys/class/net/lo/speed")
    #expect(throws: FileError(path: checkpoints.file(step: 12), operation: .read, code: EINVAL)) { try start() }
    #expect(try checkpoints.steps() == [6, 12])
  }

  @Test
  func aCheckpointWithNumbersThatAreNotFiniteIsDamaged() throws {
    try make(6)
    var broken = run
    broken.state.step = 12
    try FileSystem.writeAtomically(
      broken.serialized(fingerprint: sources.fingerprint, value: .nan), to: checkpoints.file(step: 12))
    let start = try start()
    #expect(start.checkpoint?.state.step == 6 && start.notes.first?.contains("trying the one before") == true)
  }

  @Test
  func aFileOfTheFolderSupersedesLaterOnes() throws {
    try make(6, 12, 18)
    let start = try start(folder("./checkpoints/step-0000000006.safetensors"))
    #expect(start.checkpoint?.state.step == 6 && start.notes.count == 2)
    #expect(try checkpoints.steps() == [6])
  }

  /// The run stays where it is, so that the same command finds the file again.
  @Test
  func whatTheRunKeptOfAFailedStepIsItsOwn() throws {
    try make(6)
    let kept = folder("failed-step.safetensors")
    try FileSystem.rename(file(step: 8), to: kept)
    for _ in 0..<2 {
      let start = try start(kept)
      #expect(start.checkpoint?.state.step == 8 && start.origin?.path == kept && start.notes.isEmpty)
      #expect(try checkpoints.steps() == [6])
    }
  }

  @Test
  func aFileFromElsewherePutsTheFolderAside() throws {
    try make(6, 12)
    let start = try start(file(step: 6))
    #expect(start.checkpoint?.state.step == 6)
    #expect(try checkpoints.steps().isEmpty)
  }

  @Test
  func aWrongFileLeavesNoFolderBehind() throws {
    let output = folder("new")
    var configuration = run.configuration
    (configuration.output, configuration.resume) = (output, folder("none"))
    #expect(throws: CheckpointError.missing(path: folder("none"))) {
      try RunStart.decide(configuration, sources: sources)
    }
    #expect(!FileSystem.exists(output))
  }

  @Test
  func anotherSeedIsRefused() throws {
    try make(6)
    var configuration = run.configuration
    configuration.seed += 1
    let error = try #require(throws: CheckpointError.self) { try RunStart.decide(configuration, sources: sources) }
    #expect(error.category == .usage && "\(error)".contains("--seed"))
  }

  @Test
  func foldersOfOneSecondDiffer() throws {
    let names = try (0..<3).map { _ in try RunFolder.new(under: folder("runs")).path }
    #expect(Set(names).count == 3)
    #expect(names.allSatisfy { FileSystem.isDirectory($0) })
  }

  /// Every value of the configuration comes through, and what an older program did not write has its usual value.
  @Test
  func aConfigurationReadsBackWithOrWithoutItsNewestFields() throws {
    var all = RunConfiguration()
    (all.network.baseChannels, all.precision, all.learningRate) = (8, .bf16, 2e-3)
    (all.epochs, all.stepsPerEpoch, all.globalBatch, all.validationSteps, all.seed) = (3, 4, 5, 6, .max)
    (all.threads, all.data, all.sources, all.output, all.resume) = (2, "d", "a=b,c=d", "o", "never")
    (all.checkpointEvery, all.keep, all.logEvery, all.evaluationRounds, all.evaluationPairs) = (7, 8, 9, 12, 11)
    (all.trace, all.warmUp, all.loss, all.averageDecay) = ("t.json", 12, .rmse, 0.5)
    (all.optimizer, all.weightDecay, all.clipNorm, all.coolDown) = (.muon, 0.25, 1.5, 0.2)
    all.frozenPart = 0.7
    (all.timeBudget, all.initialWeights) = (77, "w.safetensors")
    (all.bucketBytes, all.wire, all.slices, all.balance, all.recipe) = (512, .bf16, 4, .speed, "fast")
    // One that has its usual value would have it too where nobody reads it.
    for (field, usual) in zip(Mirror(reflecting: all).children, Mirror(reflecting: RunConfiguration()).children) {
      #expect("\(field.value)" != "\(usual.value)", "\(field.label ?? "")")
    }
    let text = JSONText.encode(all)
    let fields = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(fields.count == Mirror(reflecting: all).children.count)
    #expect(try JSONText.decode(RunConfiguration.self, from: text) == all)
    let old = "{\"epochs\":3,\"learningRate\":0.5,\"network\":\(JSONText.encode(UNetConfiguration()))}"
    var usual = RunConfiguration()
    (usual.epochs, usual.learningRate) = (3, 0.5)
    #expect(try JSONText.decode(RunConfiguration.self, from: old) == usual)
  }
}
