import Dataset

/// A step that met numbers which are not finite, as a run leaves it in its folder: `failed-step.json` says what happened and
/// which pictures were mixed, `failed-step.safetensors` is a checkpoint of the run before that step.
package struct FailedStep: Sendable, Codable, Equatable {
  /// The step, counted from 1.
  package var step: Int
  /// What the run said.
  package var message: String
  /// The first layer of the forward pass, or the first tensor of the backward pass, with such a number.
  package var layer: String
  /// Pairs of the step over all ranks.
  package var globalBatch: Int
  /// For each pair of the step in order, the indices of its two pictures in the training sets.
  package var pairs: [[Int]]
  package var precision: String
  package var ranks: Int
  package var seed: UInt64
  /// Where the pictures come from; "synthetic" where they were drawn.
  package var data: String

  enum CodingKeys: String, CodingKey {
    case step, message, layer, pairs, precision, ranks, seed, data
    case globalBatch = "global_batch"
  }
}

extension Trainer {
  /// Writes what a replay of the failed step needs, where `error` is about a step: the weights are still those before it.
  /// Rank 0 writes; the others wait for it. What cannot be written is reported: `error` is what matters. Collective; throws what
  /// MPI reports.
  func recordFailure(_ error: RunError) throws {
    guard case .nonFinite(let quantity, let step?) = error, let layer = quantity.layer else { return }
    if let folder = start?.folder {
      do {
        try keep(step: step, layer: layer, message: "\(error)", in: folder)
        reporter.line("step \(step) is kept in \(folder.failedStep): launcher replay \(runFolder)")
      } catch {
        reporter.line("\(error); step \(step) is not kept for a replay")
      }
    }
    try communicator.barrier()
  }

  private func keep(step: Int, layer: String, message: String, in folder: RunFolder) throws {
    try checkFolder()
    let failed = FailedStep(
      step: step, message: message, layer: layer, globalBatch: configuration.globalBatch,
      pairs: (0..<configuration.globalBatch).map { index in
        let pair = generator.pair(step: step - 1, index: index)
        return [pair.first, pair.second]
      }, precision: configuration.precision.rawValue, ranks: communicator.size, seed: configuration.seed,
      data: dataName)
    try Retry.run(report: reporter.line) {
      try writeCheckpoint(to: folder.failedStepWeights)
      try FileSystem.writeAtomically(JSONText.encode(failed, isPretty: true) + "\n", to: folder.failedStep)
    }
  }
}

extension RunError.Quantity {
  /// The layer or tensor to blame for a step; nil for a validation.
  var layer: String? {
    switch self {
    case .loss(_, let layer): layer
    case .gradient(let tensor): tensor
    case .validationLoss: nil
    }
  }
}
