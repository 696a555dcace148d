import Model

/// Everything needed to go on with a run: one safetensors file, so that one rename is the commit.
///
/// Tensors, all F32: `current.<part>` and `best.<part>` are the weights with their moving statistics, under the names and in
/// the layout of weight files (`best` only once an epoch is complete; `average.<part>` their averages where the run keeps them);
/// `adam.first_moments` and `adam.second_moments` are the optimiser's flat buffers, [trained values]; of kernels that Muon moves the
/// first has the momentum, the second zeros.
///
/// Metadata: `format` "unmix-checkpoint", `version` "2", `configuration`, `state` and `plan` as JSON, `data` the name of
/// the data ("synthetic" where it was drawn), `data_fingerprint`, `sha256_of_tensors` with the digest of each tensor's bytes,
/// and `sha256` over the header with its own digits counted as zeros. In files of version 1, which are read too, `sha256` is
/// over header and data, and there are no digests of tensors.
package struct Checkpoint: Sendable {
  static let format = "unmix-checkpoint"
  static let version = "2"
  static let versionBeforeDigests = "1"
  static let currentPrefix = "current."
  static let bestPrefix = "best."
  static let averagePrefix = "average."
  static let firstMoments = "adam.first_moments"
  static let secondMoments = "adam.second_moments"

  /// Where the checkpoint was read from or goes to.
  package let path: String
  /// What was decided for the run.
  package let configuration: RunConfiguration
  /// Where the run stands.
  package let state: TrainingState
  /// What decided its rounding.
  package let plan: RunPlan
  /// The data's name, "synthetic" where it was drawn.
  package let dataName: String
  /// SHA-256 of the pictures.
  package let dataFingerprint: String

  let file: SafeTensorsFile

  /// Reads and checks the file at `path`: digests, metadata, and that all tensors of the network stand there.
  ///
  /// Throws ``CheckpointError`` (`missing`, `truncated`, `damaged`, `wrongDigest`, `damagedTensors`, `notACheckpoint`,
  /// `otherVersion`, `missingTensor`) or ``FileError`` where the system refuses to read.
  package init(contentsOf path: String) throws {
    guard FileSystem.exists(path) else { throw CheckpointError.missing(path: path) }
    try self.init(bytes: try FileSystem.read(path), path: path)
  }

  /// Checks the `bytes` of the file at `path`. Throws ``CheckpointError``.
  init(bytes: [UInt8], path: String) throws {
    let file = try Self.parse(bytes, path: path)
    try Self.checkDigests(file, bytes: bytes)

    func value<Value: Decodable>(_ key: String, _ type: Value.Type) throws -> Value {
      guard let text = file.metadata[key] else {
        throw CheckpointError.damaged(path: path, reason: "its metadata has no \(key)")
      }
      do {
        return try JSONText.decode(type, from: text)
      } catch {
        throw CheckpointError.damaged(
          path: path, reason: "the \(key) in its metadata cannot be read: \(JSONText.problem(error))")
      }
    }
    self.path = path
    self.file = file
    configuration = try value("configuration", RunConfiguration.self)
    state = try value("state", TrainingState.self)
    plan = try value("plan", RunPlan.self)
    dataName = file.metadata["data"] ?? ""
    dataFingerprint = file.metadata["data_fingerprint"] ?? ""
    do {
      try configuration.check()
    } catch {
      throw CheckpointError.damaged(path: path, reason: "its configuration cannot be: \(error)")
    }
    try checkTensors()
  }

  /// Throws unless `file`, whose bytes are `bytes`, is what was written as a checkpoint.
  private static func checkDigests(_ file: SafeTensorsFile, bytes: [UInt8]) throws(CheckpointError) {
    let path = file.path
    guard file.metadata["format"] == format else {
      throw .notACheckpoint(path: path, reason: "its metadata does not say format \(format)")
    }
    guard let digits = Seal.digits(in: bytes) else {
      throw .damaged(path: path, reason: "its metadata holds no SHA-256")
    }
    let isOld = file.metadata["version"] == versionBeforeDigests
    let sealed = isOld ? bytes.count : Seal.headerByteCount(bytes)
    let (expected, found) = (
      file.metadata[Seal.key] ?? "", Seal.digest(of: bytes, digits: digits, byteCount: sealed)
    )
    guard expected == found else { throw .wrongDigest(path: path, expected: expected, found: found) }
    guard isOld || file.metadata["version"] == version else {
      throw .otherVersion(path: path, found: file.metadata["version"] ?? "?")
    }
    if isOld { return }
    guard let text = file.metadata[Seal.tensorsKey],
      let digests = try? JSONText.decode([String: String].self, from: text)
    else { throw .damaged(path: path, reason: "its metadata holds no SHA-256 of the tensors") }
    let damaged = file.tensors.filter { digests[$0.name] != Seal.digest(of: $0.bytes) }.map(\.name)
    guard damaged.isEmpty else { throw .damagedTensors(path: path, tensors: damaged) }
  }

  private static func parse(_ bytes: [UInt8], path: String) throws(CheckpointError) -> SafeTensorsFile {
    do {
      return try SafeTensorsFile(bytes: bytes, path: path)
    } catch {
      switch error {
      case .tooShort, .headerBeyondFile, .rangeBeyondFile: throw .truncated(path: path, reason: "\(error)")
      default: throw .damaged(path: path, reason: "\(error)")
      }
    }
  }

  private func checkTensors() throws(CheckpointError) {
    let layout = ParameterLayout(configuration.network)
    var expected = [
      (name: Self.firstMoments, shape: [layout.trainedCount]), (name: Self.secondMoments, shape: [layout.trainedCount]),
    ]
    let prefixes =
      [Self.currentPrefix] + (hasBestWeights ? [Self.bestPrefix] : [])
      + (configuration.averageDecay > 0 ? [Self.averagePrefix] : [])
    for prefix in prefixes {
      expected += layout.tensors.map { (prefix + $0.name, $0.shape) }
    }
    for (name, shape) in expected {
      guard let tensor = file[name] else { throw .missingTensor(path: path, tensor: name) }
      guard tensor.shape == shape, tensor.dtype == "F32" else {
        throw .damaged(path: path, reason: "tensor \(name) is \(tensor.dtype) \(tensor.shape), not F32 \(shape)")
      }
    }
  }

  /// The format's version, "2" or "1".
  package var formatVersion: String { file.metadata["version"] ?? "" }

  /// The digest of its header, which holds those of its tensors: no other checkpoint has it.
  var sha256: String { file.metadata[Seal.key] ?? "" }

  /// Tensors in the file.
  package var tensorCount: Int { file.tensors.count }

  /// Whether an epoch was complete, so that there are best weights.
  package var hasBestWeights: Bool { state.recipe.bestEpoch != nil }

  /// The best weights or the current ones, with their moving statistics, in layout order.
  ///
  /// Throws ``CheckpointError/noBestWeights(path:)`` where ``hasBestWeights`` is false, and `damaged` for a value that is
  /// not finite.
  package func weights(best: Bool) throws -> [Float] {
    if best && !hasBestWeights { throw CheckpointError.noBestWeights(path: path) }
    return try weights(prefix: best ? Self.bestPrefix : Self.currentPrefix)
  }

  /// The averages of the weights, in layout order, of a run that keeps them. Throws `damaged` for a value that is not finite.
  package func averages() throws -> [Float] { try weights(prefix: Self.averagePrefix) }

  private func weights(prefix: String) throws -> [Float] {
    do {
      return try file.weightValues(layout: ParameterLayout(configuration.network), prefix: prefix)
    } catch {
      throw CheckpointError.damaged(path: path, reason: "\(error)")
    }
  }

  /// Throws ``CheckpointError/damaged(path:reason:)`` where weights or averages hold a value that is not finite.
  func checkValues() throws {
    _ = try weights(best: false)
    if hasBestWeights { _ = try weights(best: true) }
    if configuration.averageDecay > 0 { _ = try averages() }
  }

  /// Adam's moments, in layout order.
  package func moments() throws -> (first: [Float], second: [Float]) {
    (try file.tensor(Self.firstMoments).floats(), try file.tensor(Self.secondMoments).floats())
  }

  /// Throws unless the run `now`, on pictures of `fingerprint`, may go on from here.
  ///
  /// ``CheckpointError`` `wrongNetwork`, `wrongData`, or `otherRun` for another option that decides the samples, their
  /// order or the learning rate.
  package func checkFits(_ now: RunConfiguration, fingerprint: String) throws(CheckpointError) {
    let before = configuration
    guard before.network == now.network else {
      throw .wrongNetwork(path: path, found: before.network.summary, expected: now.network.summary)
    }
    guard dataFingerprint == fingerprint else {
      throw .wrongData(
        path: path, found: "\(dataName) \(dataFingerprint.prefix(12))", expected: "\(fingerprint.prefix(12))")
    }
    let options = [
      ("--seed", "\(before.seed)", "\(now.seed)"), ("--global-batch", "\(before.globalBatch)", "\(now.globalBatch)"),
      ("--steps-per-epoch", "\(before.stepsPerEpoch)", "\(now.stepsPerEpoch)"),
      ("--validation-steps", "\(before.validationSteps)", "\(now.validationSteps)"),
      ("--recipe", before.recipe, now.recipe),
      ("--initial-weights", before.initialWeights ?? "none", now.initialWeights ?? "none"),
      // Before the rate, which is usually its own.
      ("--optimizer", before.optimizer.rawValue, now.optimizer.rawValue),
      ("--learning-rate", "\(before.learningRate)", "\(now.learningRate)"),
      ("--warm-up", "\(before.warmUp)", "\(now.warmUp)"), ("--loss", before.loss.rawValue, now.loss.rawValue),
      ("--weight-decay", "\(before.weightDecay)", "\(now.weightDecay)"),
      ("--clip-norm", Self.text(before.clipNorm), Self.text(now.clipNorm)),
      ("--average-decay", "\(before.averageDecay)", "\(now.averageDecay)"),
    ]
    for (option, found, expected) in options where found != expected {
      throw .otherRun(path: path, option: option, found: found, expected: expected)
    }
    if now.recipe == "fast" { try checkSchedule(now) }
  }

  /// Another length is another schedule: it can follow as long as by both lengths the rate has not begun to fall and statistics are not
  /// frozen, unless both freeze them from the warm-up on.
  private func checkSchedule(_ now: RunConfiguration) throws(CheckpointError) {
    let before = configuration
    if (before.timeBudget == nil) != (now.timeBudget == nil) {
      let text = { (budget: Int?) in budget.map { "\($0)" } ?? "none" }
      throw .otherRun(
        path: path, option: "--time-budget", found: text(before.timeBudget), expected: text(now.timeBudget))
    }
    if now.timeBudget != nil {
      // The clock decides when a last part begins, so that only the same parts are certain to be the same run.
      let parts = [
        ("--cool-down", before.coolDown, now.coolDown), ("--freeze-statistics", before.frozenPart, now.frozenPart),
      ]
      for (option, found, expected) in parts where found != expected {
        throw .otherRun(path: path, option: option, found: Self.text(found), expected: Self.text(expected))
      }
      // A run cannot end before where it is, and what is added after the end would find a rate of nothing.
      let isAtEnd = state.recipe.lastEpoch.map { state.step >= $0 * before.stepsPerEpoch } ?? false
      let lengths = [
        ("--epochs", before.epochs, now.epochs, isAtEnd || now.epochs * now.stepsPerEpoch <= state.step),
        ("--time-budget", before.timeBudget ?? 0, now.timeBudget ?? 0, isAtEnd),
      ]
      for (option, found, expected, isTooLate) in lengths where isTooLate && found != expected {
        throw .otherEnd(path: path, option: option, found: "\(found)", expected: "\(expected)", step: state.step)
      }
      return
    }
    let falls = state.step > min(before.schedule.stepsBeforeFall, now.schedule.stepsBeforeFall)
    let isAlwaysFrozen = before.frozenPart == 1 && now.frozenPart == 1
    let isFrozen = !isAlwaysFrozen && state.step > min(before.stepsBeforeFreeze, now.stepsBeforeFreeze)
    let options = [
      ("--epochs", "\(before.epochs)", "\(now.epochs)", falls || isFrozen),
      ("--cool-down", Self.text(before.coolDown), Self.text(now.coolDown), falls),
      ("--freeze-statistics", Self.text(before.frozenPart), Self.text(now.frozenPart), isFrozen),
    ]
    for (option, found, expected, matters) in options where matters && found != expected {
      throw .otherSchedule(path: path, option: option, found: found, expected: expected, step: state.step)
    }
  }

  private static func text(_ number: Double?) -> String { number.map { "\($0)" } ?? "none" }
}
