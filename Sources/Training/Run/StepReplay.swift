package import Dataset
package import Distributed
package import Model

/// Does one step of a run again, from the checkpoint before it, without an update: to see where its numbers come from.
package struct StepReplay {
  /// What the step gave this time.
  package struct Result: Sendable, Codable, Equatable {
    /// The step, counted from 1.
    package var step: Int
    package var precision: String
    package var ranks: Int
    /// What the run had said; nil where the checkpoint is not a failed step's.
    package var message: String?
    /// Where a number is not finite again; nil where all are finite.
    package var layer: String?
    /// Mean squared errors of both heads over the global batch; nil where a number is not finite.
    package var losses: TrainingStep.Losses?
    /// Euclidean norm of the whole gradient; nil where a number is not finite.
    package var gradientNorm: Double?
    /// The tensors with the largest norms of their gradients, largest first.
    package var largestGradients: [TensorNorm]
    /// The tensors with the largest weights, largest first.
    package var largestWeights: [TensorNorm]

    enum CodingKeys: String, CodingKey {
      case step, precision, ranks, message, layer, losses
      case gradientNorm = "gradient_norm"
      case largestGradients = "largest_gradients"
      case largestWeights = "largest_weights"
    }

    package func json() -> String { JSONText.encode(self) }
  }

  /// One tensor's size.
  package struct TensorNorm: Sendable, Codable, Equatable {
    package var tensor: String
    /// Euclidean norm.
    package var norm: Double
  }

  /// What rank 0 read of a run.
  package struct Start: Sendable {
    /// nil for a step that did not fail.
    package var failed: FailedStep?
    package var checkpoint: Checkpoint
    /// What the run normalised the step by.
    package var statistics: NormalisationStatistics {
      checkpoint.state.recipe.statistics(step: checkpoint.state.step, of: checkpoint.configuration)
    }

    /// Reads the failed step that the run folder `path` keeps, or the checkpoint `path`, after which the step comes.
    ///
    /// Throws ``CheckpointError``, `noFailedStep` for a folder without one; ``FileError``.
    package init(_ path: String) throws {
      guard FileSystem.isDirectory(path) else {
        checkpoint = try Checkpoint(contentsOf: path)
        return
      }
      let folder = RunFolder(existing: path)
      guard FileSystem.exists(folder.failedStep) else { throw CheckpointError.noFailedStep(folder: path) }
      let text = String(decoding: try FileSystem.read(folder.failedStep), as: UTF8.self)
      do {
        failed = try JSONText.decode(FailedStep.self, from: text)
      } catch {
        throw CheckpointError.damaged(path: folder.failedStep, reason: "it does not describe a failed step")
      }
      checkpoint = try Checkpoint(contentsOf: folder.failedStepWeights)
    }
  }

  /// Tensors named in each list of a result.
  private static let listed = 5

  private let step: TrainingStep
  private let number: Int
  private let precision: Precision
  private let ranks: Int

  /// Plans the step after `stepsDone` steps of `configuration` with its pictures, in `precision`. Collective.
  ///
  /// `statistics` and `weights` are those of the checkpoint, the same on every rank.
  package init(
    _ configuration: RunConfiguration, stepsDone: Int, statistics: NormalisationStatistics, weights: NetworkWeights,
    precision: Precision, sources: SourceData, communicator: Communicator
  ) throws {
    step = try TrainingStep(
      network: configuration.network, precision: precision, globalBatch: configuration.globalBatch,
      loss: configuration.loss, bucketBytes: configuration.bucketBytes, wire: configuration.wire,
      communicator: communicator)
    step.network.statistics = statistics
    step.values.copy(weights.values.array())
    try step.network.packWeights()
    let generator = MixingGenerator(
      sources: sources, stream: .training, seed: configuration.seed, imageSize: configuration.network.imageSize)
    step.fill(step: stepsDone, from: generator)
    (number, self.precision, ranks) = (stepsDone + 1, precision, communicator.size)
  }

  /// Forward and backward once; the same result on every rank. Collective. `message` is what the run had said.
  package func run(message: String?) throws -> Result {
    var result = Result(
      step: number, precision: precision.rawValue, ranks: ranks, message: message, largestGradients: [],
      largestWeights: largest(in: step.values))
    do {
      result.losses = try step.computeGradients()
      let gradients = step.gradients
      result.gradientNorm = unsafe norm(gradients.elements)
      result.largestGradients = largest(in: gradients)
    } catch RunError.nonFinite(let quantity, _) {
      result.layer = quantity.layer
    }
    return result
  }

  private func largest(in buffer: AlignedBuffer<Float>) -> [TensorNorm] {
    let norms = step.layout.tensors.filter { $0.range.upperBound <= step.layout.trainedCount }.map { tensor in
      unsafe TensorNorm(tensor: tensor.name, norm: norm(buffer.elements(tensor.range)))
    }
    return Array(norms.sorted { $0.norm > $1.norm }.prefix(Self.listed))
  }

  private func norm(_ values: UnsafeMutableBufferPointer<Float>) -> Double {
    var sum = 0.0
    for i in 0..<values.count { unsafe sum += Double(values[i]) * Double(values[i]) }
    return sum.squareRoot()
  }
}
