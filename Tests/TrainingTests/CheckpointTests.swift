import Crypto
import Foundation
import Model
import TestSupport
import Testing

@testable import Training

struct CheckpointTests {
  private let folder: TemporaryFolder
  private let run = SmallRun()
  private var path: String { folder("c.safetensors") }

  init() throws { folder = try TemporaryFolder() }

  private func error(reading bytes: [UInt8]) throws -> CheckpointError {
    try folder.write(bytes, to: "c.safetensors")
    return try #require(throws: CheckpointError.self) { try Checkpoint(contentsOf: path) }
  }

  @Test
  func everythingComesBackBitForBit() throws {
    try run.write(to: path)
    let checkpoint = try Checkpoint(contentsOf: path)
    #expect(checkpoint.configuration == run.configuration)
    #expect(checkpoint.state == run.state && checkpoint.plan == run.plan)
    #expect(checkpoint.dataName == "synthetic" && checkpoint.dataFingerprint == "abc")
    #expect(try checkpoint.weights(best: false) == run.buffer(1).array())
    #expect(try checkpoint.weights(best: true) == run.buffer(2).array())
    let moments = try checkpoint.moments()
    #expect(moments.first == run.buffer(3, count: run.layout.trainedCount).array())
    #expect(moments.second == run.buffer(4, count: run.layout.trainedCount).array())
    #expect(try FileSystem.names(in: folder.path) == ["c.safetensors"])
  }

  @Test
  func theDigestIsOverTheHeaderWithItsOwnDigitsAsZeros() throws {
    let bytes = run.serialized()
    let digest = try #require(try SafeTensorsFile(bytes: bytes, path: "memory").metadata["sha256"])
    var text = Array(bytes[..<Seal.headerByteCount(bytes)])
    let digits = Array(digest.utf8)
    let place = try #require((0...text.count - 64).first { text[$0..<$0 + 64].elementsEqual(digits) })
    text.replaceSubrange(place..<place + 64, with: repeatElement(UInt8(ascii: "0"), count: 64))
    #expect(SHA256.hash(data: text).description == "SHA256 digest: \(digest)")
  }

  @Test
  func theHeaderHoldsTheDigestOfEveryTensor() throws {
    let file = try SafeTensorsFile(bytes: run.serialized(), path: "memory")
    let text = try #require(file.metadata["sha256_of_tensors"])
    let digests = try JSONText.decode([String: String].self, from: text)
    #expect(digests.count == file.tensors.count && digests.count == 2 * run.layout.tensors.count + 2)
    for tensor in file.tensors {
      #expect("SHA256 digest: \(digests[tensor.name] ?? "")" == SHA256.hash(data: tensor.bytes).description)
    }
  }

  /// Version 1: one digest over header and data, none of the tensors.
  @Test
  func filesOfVersion1AreRead() throws {
    var file = try SafeTensorsFile(bytes: run.serialized(), path: "memory")
    file.metadata["version"] = "1"
    file.metadata[Seal.tensorsKey] = nil
    file.metadata[Seal.key] = Seal.placeholder
    var bytes = try file.serialized()
    let digits = try #require(Seal.digits(in: bytes))
    bytes.replaceSubrange(digits, with: Seal.digest(of: bytes, digits: digits, byteCount: bytes.count).utf8)
    try folder.write(bytes, to: "c.safetensors")
    #expect(try Checkpoint(contentsOf: path).weights(best: true) == run.buffer(2).array())
    bytes[bytes.count - 3] ^= 4
    guard case .wrongDigest = try error(reading: bytes) else {
      Issue.record("\(try error(reading: bytes))")
      return
    }
  }

  /// Written by the program as it was then: options that came later are not in it.
  @Test
  func aFileOfThatTimeIsRead() throws {
    let checkpoint = try Checkpoint(contentsOf: Fixtures.checkpointOfVersion1)
    #expect(checkpoint.formatVersion == "1" && checkpoint.state.step == 3 && checkpoint.state.epoch == 1)
    #expect(checkpoint.configuration.wire == .f32 && checkpoint.plan.wire == .f32 && checkpoint.plan.usesMessagesAlone)
  }

  @Test
  func metadataThatIsNoneNamesTheKey() throws {
    let bytes = try run.altered {
      $0.metadata["plan"] = $0.metadata["plan"]?.replacingOccurrences(of: "\"threads\":", with: "\"thread\":")
    }
    guard case .damaged(_, let reason) = try error(reading: bytes) else {
      Issue.record("a plan without threads passed")
      return
    }
    #expect(reason == "the plan in its metadata cannot be read: there is no threads")
  }

  @Test
  func everyTruncationIsNamed() throws {
    let bytes = run.serialized()
    for count in [1, 7, 8, 9, 500, bytes.count / 2, bytes.count - 4, bytes.count - 1] {
      guard case .truncated(path, _) = try error(reading: Array(bytes[..<count])) else {
        Issue.record("\(count) of \(bytes.count) bytes: \(try error(reading: Array(bytes[..<count])))")
        continue
      }
    }
  }

  @Test
  func noLengthButTheWholePasses() throws {
    let bytes = run.serialized()
    for count in stride(from: 1, to: bytes.count, by: 211) { _ = try error(reading: Array(bytes[..<count])) }
    _ = try error(reading: bytes + [0])
  }

  /// One bit in every tensor, in its first, middle and last byte; the message names the tensor.
  @Test
  func aFlippedBitOfAnyTensorIsNamed() throws {
    let bytes = run.serialized()
    var begin = Seal.headerByteCount(bytes)
    for tensor in try SafeTensorsFile(bytes: bytes, path: "memory").tensors {
      let last = begin + tensor.bytes.count - 1
      for (bit, place) in [begin, (begin + last) / 2, last].enumerated() {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(bit * 3)
        #expect(try error(reading: damaged) == .damagedTensors(path: path, tensors: [tensor.name]))
      }
      begin = last + 1
    }
    #expect(begin == bytes.count)
  }

  /// One bit of every third byte before the data: length, names, shapes, offsets, metadata, digests.
  @Test
  func noFlippedBitOfTheHeaderPasses() throws {
    let bytes = run.serialized()
    for place in stride(from: 0, to: Seal.headerByteCount(bytes), by: 3) {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(place % 8)
      #expect(throws: CheckpointError.self, "byte \(place)") { try Checkpoint(bytes: damaged, path: path) }
    }
  }

  @Test
  func anotherDigestIsWrong() throws {
    var bytes = run.serialized()
    let digits = try #require(Seal.digits(in: bytes))
    bytes[digits.lowerBound] = bytes[digits.lowerBound] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
    guard case .wrongDigest = try error(reading: bytes) else {
      Issue.record("\(try error(reading: bytes))")
      return
    }
  }

  @Test(arguments: [
    "current.head.fashion.bias", "best.encoder.0.bn.0.moving_mean", "adam.first_moments", "adam.second_moments",
  ])
  func aMissingTensorIsNamed(name: String) throws {
    let bytes = try run.altered { $0.tensors.removeAll { $0.name == name } }
    #expect(try error(reading: bytes) == .missingTensor(path: path, tensor: name))
  }

  @Test
  func aTensorOfAnotherShapeIsDamage() throws {
    let bytes = try run.altered { file in
      file.tensors.removeAll { $0.name == "adam.first_moments" }
      file.tensors.append(.init(name: "adam.first_moments", shape: [3], values: [1, 2, 3] as [Float]))
    }
    guard case .damaged = try error(reading: bytes) else {
      Issue.record("\(try error(reading: bytes))")
      return
    }
  }

  @Test(arguments: ["configuration", "state", "plan"])
  func unreadableMetadataIsNamed(key: String) throws {
    for change in [nil, "{}", "not JSON"] as [String?] {
      guard case .damaged(_, let reason) = try error(reading: run.altered { $0.metadata[key] = change }) else {
        Issue.record("no damage")
        continue
      }
      #expect(reason.contains(key))
    }
  }

  @Test
  func otherFilesAreNoCheckpoints() throws {
    let weights = try SafeTensorsFile(weights: run.buffer(1), layout: run.layout).serialized()
    guard case .notACheckpoint = try error(reading: weights) else {
      Issue.record("a weight file passed")
      return
    }
    guard case .otherVersion(_, "3") = try error(reading: run.altered { $0.metadata["version"] = "3" }) else {
      Issue.record("a later version passed")
      return
    }
    #expect(throws: CheckpointError.missing(path: folder("none"))) {
      try Checkpoint(contentsOf: folder("none"))
    }
    #expect(throws: FileError.self) { try Checkpoint(contentsOf: folder.path) }
  }

  @Test
  func beforeTheFirstEpochThereAreNoBestWeights() throws {
    var run = run
    run.state.recipe = .notebook(NotebookRecipe())
    try folder.write(run.serialized(best: false), to: "c.safetensors")
    let checkpoint = try Checkpoint(contentsOf: path)
    #expect(!checkpoint.hasBestWeights)
    #expect(try checkpoint.weights(best: false) == run.buffer(1).array())
    #expect(throws: CheckpointError.noBestWeights(path: path)) { try checkpoint.weights(best: true) }
  }

  @Test
  func aRunThatDoesNotFitIsRefused() throws {
    try run.write(to: path)
    let checkpoint = try Checkpoint(contentsOf: path)
    try checkpoint.checkFits(run.configuration, fingerprint: "abc")

    func refusal(_ fingerprint: String = "abc", _ change: (inout RunConfiguration) -> Void) throws -> CheckpointError {
      var changed = run.configuration
      change(&changed)
      let configuration = changed
      return try #require(throws: CheckpointError.self) {
        try checkpoint.checkFits(configuration, fingerprint: fingerprint)
      }
    }
    guard case .wrongNetwork = try refusal("abc", { $0.network.baseChannels = 4 }) else {
      Issue.record("another network passed")
      return
    }
    guard case .wrongData = try refusal("abd", { _ in }) else {
      Issue.record("other pictures passed")
      return
    }
    let changes: [(String, (inout RunConfiguration) -> Void)] = [
      ("--seed", { $0.seed += 1 }), ("--global-batch", { $0.globalBatch += 1 }),
      ("--steps-per-epoch", { $0.stepsPerEpoch += 1 }), ("--validation-steps", { $0.validationSteps += 1 }),
      ("--recipe", { $0.recipe = "fast" }), ("--learning-rate", { $0.learningRate *= 2 }),
      ("--initial-weights", { $0.initialWeights = "w.safetensors" }), ("--warm-up", { $0.warmUp += 1 }),
      ("--loss", { $0.loss = .rmse }), ("--optimizer", { $0.optimizer = .muon }),
      ("--weight-decay", { $0.weightDecay = 0.5 }), ("--clip-norm", { $0.clipNorm = 1 }),
      ("--average-decay", { $0.averageDecay = 0.5 }),
    ]
    // The usual rate is the optimizer's: the option that was given is the one to name.
    let both = { (run: inout RunConfiguration) in (run.optimizer, run.learningRate) = (.muon, 0.008) }
    for (name, change) in changes + [("--optimizer", both)] {
      guard case .otherRun(_, let option, _, _) = try refusal("abc", change) else {
        Issue.record("another \(name) passed")
        continue
      }
      #expect(option == name)
    }
    var longer = run.configuration
    (longer.epochs, longer.output, longer.keep, longer.evaluationRounds) = (9, "elsewhere", 7, 0)
    try checkpoint.checkFits(longer, fingerprint: "abc")
  }

  /// 3 steps of warm-up and 12 more, of which the last third falls: the rate is at its peak until step 11.
  @Test
  func aRunMayGrowLongerUntilItsRateFalls() throws {
    func refusal(
      step: Int, frozenPart: Double? = nil, _ change: (inout RunConfiguration) -> Void
    ) throws -> String? {
      var run = run
      run.configuration.frozenPart = frozenPart
      (run.configuration.recipe, run.configuration.warmUp, run.configuration.coolDown) = ("fast", 3, 1.0 / 3)
      (run.configuration.epochs, run.configuration.stepsPerEpoch) = (3, 5)
      (run.state.step, run.state.epoch, run.state.stepInEpoch) = (step, step / 5, step % 5)
      try run.write(to: path)
      var now = run.configuration
      change(&now)
      do {
        try Checkpoint(contentsOf: path).checkFits(now, fingerprint: "abc")
        return nil
      } catch CheckpointError.otherSchedule(_, let option, _, _, step) {
        return option
      }
    }
    #expect(try refusal(step: 14) { _ in } == nil)
    #expect(try refusal(step: 11) { $0.epochs = 9 } == nil)
    #expect(try refusal(step: 12) { $0.epochs = 9 } == "--epochs")
    // 10 steps, 3 of warm-up: the rate of the shorter run falls from step 7 on.
    #expect(try refusal(step: 7) { $0.epochs = 2 } == nil)
    #expect(try refusal(step: 8) { $0.epochs = 2 } == "--epochs")
    #expect(try refusal(step: 11) { $0.coolDown = 0.25 } == nil)
    #expect(try refusal(step: 9) { $0.coolDown = 0.5 } == nil)
    #expect(try refusal(step: 10) { $0.coolDown = 0.5 } == "--cool-down")
    #expect(try refusal(step: 3) { $0.coolDown = nil } == nil)
    #expect(try refusal(step: 4) { $0.coolDown = nil } == "--cool-down")
    // Statistics that are frozen for the last 9 of 12 steps after the warm-up are so from step 6 on.
    #expect(try refusal(step: 6) { $0.frozenPart = 0.75 } == nil)
    #expect(try refusal(step: 7) { $0.frozenPart = 0.75 } == "--freeze-statistics")
    // Nor may a run grow longer then, though its rate is at its peak.
    #expect(try refusal(step: 6, frozenPart: 0.75) { $0.epochs = 9 } == nil)
    #expect(try refusal(step: 7, frozenPart: 0.75) { $0.epochs = 9 } == "--epochs")
    // Both lengths have six steps before the freeze, but one freezes at part 0.25, step 6, and the other at 0.3, step 7.
    #expect(try refusal(step: 10, frozenPart: 0.75) { $0.frozenPart = 0.7 } == "--freeze-statistics")
    // Statistics that are frozen from the warm-up on are so in runs of all lengths.
    #expect(try refusal(step: 11, frozenPart: 1) { $0.epochs = 9 } == nil)
    #expect(try refusal(step: 12, frozenPart: 1) { $0.epochs = 9 } == "--epochs")
  }

  @Test
  func aRunThatTheClockEndsKeepsTheFormOfItsEnd() throws {
    var run = run
    (run.configuration.recipe, run.configuration.timeBudget) = ("fast", 60)
    (run.configuration.coolDown, run.configuration.frozenPart) = (0.4, 0.6)
    try run.write(to: path)
    let checkpoint = try Checkpoint(contentsOf: path)
    func refusal(_ change: (inout RunConfiguration) -> Void) throws -> String? {
      var now = run.configuration
      change(&now)
      do {
        try checkpoint.checkFits(now, fingerprint: "abc")
        return nil
      } catch CheckpointError.otherRun(_, let option, _, _) {
        return option
      } catch CheckpointError.otherEnd(_, let option, _, _, _) {
        return option
      }
    }
    #expect(try refusal { $0.timeBudget = 90 } == nil)
    // It may be given fewer epochs at most, but not fewer than it has done: it would end with its rate at the peak.
    #expect(try refusal { $0.epochs = run.state.epoch + 1 } == nil)
    #expect(try refusal { $0.epochs = run.state.epoch } == "--epochs")
    #expect(try refusal { $0.coolDown = nil } == "--cool-down")
    #expect(try refusal { $0.frozenPart = nil } == "--freeze-statistics")
    #expect(try refusal { $0.timeBudget = nil } == "--time-budget")
    // Once its steps are over, whether the last epoch was validated or not, more time or epochs would find a rate of nothing.
    var recipe = try #require(Recipe(named: "fast", learningRate: 0.008))
    run.configuration.epochs = 1
    recipe.measured(step: 100, seconds: 10, of: run.configuration)
    run.state.recipe = recipe
    for epoch in [0, 1] {
      run.state.epoch = epoch
      try run.write(to: path)
      let ended = try Checkpoint(contentsOf: path)
      try ended.checkFits(run.configuration, fingerprint: "abc")
      var (later, longer) = (run.configuration, run.configuration)
      (later.timeBudget, longer.epochs) = (90, 30)
      for (now, text) in [(later, "--time-budget 60, this run has 90"), (longer, "--epochs 1, this run has 30")] {
        let error = #expect(throws: CheckpointError.self) { try ended.checkFits(now, fingerprint: "abc") }
        #expect(error.map { "\($0)" }?.contains(text) == true)
        #expect(error.map { "\($0)" }?.contains("at step 1687 the run is over") == true)
      }
    }
  }

  @Test
  func aWriteThatFailsLeavesTheOldFile() throws {
    try run.write(to: path)
    let old = try folder.bytes("c.safetensors")
    let missing = folder("no folder/c.safetensors")
    let error = try #require(throws: FileError.self) { try run.write(to: missing) }
    #expect(error.operation == .write && "\(error)".contains("no folder"))
    // A folder in the way: the rename fails after the temporary file was written.
    let folderPath = folder("taken")
    #expect(try FileSystem.makeNewDirectory(folderPath))
    #expect(throws: FileError(path: folderPath, operation: .rename, code: 21)) { try run.write(to: folderPath) }
    #expect(try FileSystem.names(in: folder.path) == ["c.safetensors", "taken"])
    #expect(try folder.bytes("c.safetensors") == old)
  }

  @Test
  func aFullDiskIsAnErrorThatSaysSo() throws {
    let full = try AppendedFile("/dev/full")
    let error = try #require(throws: FileError.self) { try full.append("line") }
    #expect(error.code == 28 && "\(error)".contains("make room"))
  }
}
