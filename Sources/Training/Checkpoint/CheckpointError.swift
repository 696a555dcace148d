/// What can be wrong with a checkpoint; one case for each kind of damage or mismatch.
package enum CheckpointError: Error, Equatable, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// sysexits 64.
    case usage
    /// Sysexits 65.
    case badData
    /// Sysexits 66.
    case inputMissing
  }

  /// No file at `path`.
  case missing(path: String)
  /// The file ends early; `reason` is the reader's line.
  case truncated(path: String, reason: String)
  /// The file contradicts itself; `reason` is the reader's line.
  case damaged(path: String, reason: String)
  /// The header is not what was written (in files of version 1: header or data): its SHA-256 is `found`.
  case wrongDigest(path: String, expected: String, found: String)
  /// The bytes of these tensors, at least one, are not those that were written.
  case damagedTensors(path: String, tensors: [String])
  /// A whole safetensors file, but no checkpoint of this program.
  case notACheckpoint(path: String, reason: String)
  /// A whole checkpoint in a version of the format that this program does not read.
  case otherVersion(path: String, found: String)
  /// No tensor of that name.
  case missingTensor(path: String, tensor: String)
  /// Made before the first epoch ended: there are no best weights yet.
  case noBestWeights(path: String)
  /// Made by a network of another shape.
  case wrongNetwork(path: String, found: String, expected: String)
  /// Made with other pictures.
  case wrongData(path: String, found: String, expected: String)
  /// Made by a run with another value of an option that decides the samples or their order.
  case otherRun(path: String, option: String, found: String, expected: String)
  /// Its learning rate has begun to fall or its statistics are frozen, and the run's length or form of its end is another.
  case otherSchedule(path: String, option: String, found: String, expected: String, step: Int)
  /// At its step a run that the clock ends is over, and the run's length is another.
  case otherEnd(path: String, option: String, found: String, expected: String, step: Int)
  /// The run in the folder kept no step that met numbers which are not finite.
  case noFailedStep(folder: String)
  /// All checkpoints in the folder are damaged; `newest` says what the newest one is.
  case noneGood(folder: String, count: Int, newest: String)

  package var category: Category {
    switch self {
    case .missing, .noFailedStep: .inputMissing
    case .wrongNetwork, .wrongData, .otherRun, .otherSchedule, .otherEnd: .usage
    case .truncated, .damaged, .wrongDigest, .damagedTensors, .notACheckpoint, .otherVersion, .missingTensor,
      .noBestWeights, .noneGood:
      .badData
    }
  }

  /// Whether the file can be of no use to anybody, so that the checkpoint before it is the next best.
  var isDamage: Bool {
    switch self {
    case .truncated, .damaged, .wrongDigest, .damagedTensors, .notACheckpoint, .missingTensor: true
    case .missing, .otherVersion, .noBestWeights, .wrongNetwork, .wrongData, .otherRun, .otherSchedule, .otherEnd,
      .noFailedStep, .noneGood:
      false
    }
  }
}

extension CheckpointError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let path):
      "\(path): no such checkpoint"
    case .truncated(let path, let reason):
      "\(path): truncated checkpoint: \(reason)"
    case .damaged(let path, let reason):
      "\(path): damaged checkpoint: \(reason)"
    case .wrongDigest(let path, let expected, let found):
      "\(path): damaged checkpoint: SHA-256 is \(found) instead of \(expected)"
    case .damagedTensors(let path, let tensors):
      "\(path): damaged checkpoint: the SHA-256 of "
        + (tensors.count == 1 ? "tensor \(tensors[0]) is" : "\(tensors.count) tensors, first \(tensors[0]), is")
        + " not the recorded one"
    case .notACheckpoint(let path, let reason):
      "\(path): not a checkpoint: \(reason)"
    case .otherVersion(let path, let found):
      "\(path): a checkpoint of version \(found), this program reads \(Checkpoint.versionBeforeDigests) and "
        + "\(Checkpoint.version); use the program that wrote it, or a newer one"
    case .missingTensor(let path, let tensor):
      "\(path): damaged checkpoint: there is no tensor \(tensor)"
    case .noBestWeights(let path):
      "\(path): made before the first epoch ended, there are no best weights yet; take --which current"
    case .wrongNetwork(let path, let found, let expected):
      "\(path): made by another network (\(found)) than this run's (\(expected)); give the same network options"
    case .wrongData(let path, let found, let expected):
      "\(path): made with other pictures (\(found)) than this run's (\(expected)); give the same --data"
    case .otherRun(let path, let option, let found, let expected):
      "\(path): made with \(option) \(found), this run has \(expected); give the same, another --output, "
        + "or --resume never"
    case .otherSchedule(let path, let option, let found, let expected, let step):
      "\(path): made with \(option) \(found), this run has \(expected), and at step \(step) the run's last part has begun by one of "
        + "them; give the same, an earlier checkpoint to --resume, or --resume never"
    case .otherEnd(let path, let option, let found, let expected, let step):
      "\(path): made with \(option) \(found), this run has \(expected), and at step \(step) the run is over by one of them; give the same, "
        + "an earlier checkpoint to --resume, or --initial-weights with the run's weights and another --output"
    case .noFailedStep(let folder):
      "\(folder): no step of this run met NaN or infinity (there is no failed-step.json); "
        + "a checkpoint in place of the folder repeats the step after it"
    case .noneGood(let folder, let count, let newest):
      (count == 1 ? newest : "\(folder): none of \(count) checkpoints is good, the newest: \(newest)")
        + "; start anew with --resume never"
    }
  }
}
