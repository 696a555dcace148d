import Model
import Training

/// Weights from a weight file or a checkpoint, whichever a path names.
struct WeightsFile {
  let configuration: UNetConfiguration
  let values: AlignedBuffer<Float>

  /// Reads `path`. A checkpoint gives its best weights, or its current ones where no epoch is complete.
  /// Throws `CheckpointError`, `SafeTensorsError`, or `CommandError` where the file is missing.
  init(contentsOf path: String) throws {
    guard isReadable(path) else {
      throw CommandError(status: .inputMissing, description: "\(path): no such file; give weights or a checkpoint")
    }
    let file = try SafeTensorsFile(contentsOf: path)
    let weights: [Float]
    if file.metadata["format"] == "unmix-checkpoint" {
      let checkpoint = try Checkpoint(contentsOf: path)
      configuration = checkpoint.configuration.network
      weights = try checkpoint.weights(best: checkpoint.hasBestWeights)
    } else {
      configuration = try file.inferredConfiguration()
      weights = try file.weightValues(layout: ParameterLayout(configuration))
    }
    values = AlignedBuffer(repeating: 0, count: weights.count)
    values.copy(weights)
  }

  private init(configuration: UNetConfiguration, values: AlignedBuffer<Float>) {
    (self.configuration, self.values) = (configuration, values)
  }

  /// Rank 0 reads `path`; every rank receives the weights. Collective.
  static func shared(_ path: String, _ session: Session) throws -> WeightsFile {
    let own = session.isRoot ? try WeightsFile(contentsOf: path) : nil
    let configuration = try session.decided(own?.configuration ?? UNetConfiguration())
    let values = own?.values ?? AlignedBuffer(repeating: 0, count: ParameterLayout(configuration).count)
    try unsafe session.communicator.broadcast(values.elements, root: 0)
    return WeightsFile(configuration: configuration, values: values)
  }
}
