import Dataset
package import Distributed
package import Model

/// The weights of a network with their moving statistics, from a weight file or a checkpoint.
package struct NetworkWeights {
  /// Which of a checkpoint's weights.
  package enum Choice: String, Sendable, CaseIterable {
    /// Those of the epoch with the smallest validation loss.
    case best
    /// Those of the last step.
    case current
  }

  package let configuration: UNetConfiguration
  /// In layout order, as long as the layout.
  package let values: AlignedBuffer<Float>

  /// Takes over `values`, which must be as long as the layout of `configuration`.
  package init(configuration: UNetConfiguration, values: AlignedBuffer<Float>) {
    let count = ParameterLayout(configuration).count
    precondition(values.count == count, "\(values.count) weights for a network of \(count)")
    (self.configuration, self.values) = (configuration, values)
  }

  /// Weights as numbers in layout order, as many as the layout of `configuration` has.
  package init(configuration: UNetConfiguration, values: [Float]) {
    self.init(configuration: configuration, values: Self.buffer(values))
  }

  /// Reads a weight file, or the weights of a checkpoint by `choice`, nil for the best. Local.
  ///
  /// Throws `SafeTensorsError` for a damaged file or one without a network's weights, ``CheckpointError`` for a damaged
  /// checkpoint or one without best weights, ``RunError`` for a choice among the weights of a weight file, which has only one set.
  package init(contentsOf path: String, choice: Choice? = nil) throws {
    let file = try SafeTensorsFile(contentsOf: path)
    if file.metadata["format"] == Checkpoint.format {
      try self.init(Checkpoint(contentsOf: path), choice: choice ?? .best)
    } else {
      guard choice == nil else {
        throw RunError.usage(
          option: "--which", reason: "\(path) is no checkpoint and has one set of weights; leave the option away")
      }
      let configuration = try file.inferredConfiguration()
      let values = try file.weightValues(layout: ParameterLayout(configuration))
      self.init(configuration: configuration, values: Self.buffer(values))
    }
  }

  /// The weights of `checkpoint`. Throws ``CheckpointError``.
  package init(_ checkpoint: Checkpoint, choice: Choice) throws {
    let values = try checkpoint.weights(best: choice == .best)
    self.init(configuration: checkpoint.configuration.network, values: Self.buffer(values))
  }

  /// New weights of `configuration`: Keras's initialisers, a pure function of `seed` and those a run with it starts from.
  package init(initialised configuration: UNetConfiguration, seed: UInt64) {
    let layout = ParameterLayout(configuration)
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    // The stream that the trainer draws from; the streams of the pictures are 0, 1 and 2.
    var numbers = PhiloxGenerator(seed: seed, stream: 3)
    initializeWeights(values, layout: layout, using: &numbers)
    self.init(configuration: configuration, values: values)
  }

  /// Rank 0's `weights` on every rank; what the others pass is not looked at. Collective.
  package init(sharing weights: NetworkWeights?, communicator: Communicator) throws {
    precondition(communicator.rank != 0 || weights != nil, "rank 0 has no weights")
    let text = try communicator.broadcast(text: weights.map { JSONText.encode($0.configuration) } ?? "", root: 0)
    let configuration = try JSONText.decode(UNetConfiguration.self, from: text)
    let count = ParameterLayout(configuration).count
    let values = communicator.rank == 0 ? weights?.values : nil
    self.init(configuration: configuration, values: values ?? AlignedBuffer(repeating: 0, count: count))
    try unsafe communicator.broadcast(self.values.elements, root: 0)
  }

  /// Number of values, moving statistics included.
  package var parameters: Int { values.count }

  /// Writes a weight file to `path` as one change, with `metadata` beside the network's own. Throws ``FileError``.
  package func write(to path: String, metadata: [String: String] = [:]) throws {
    let file = SafeTensorsFile(weights: values, layout: ParameterLayout(configuration), metadata: metadata)
    try FileSystem.writeAtomically(try file.serialized(), to: path)
  }

  private static func buffer(_ values: [Float]) -> AlignedBuffer<Float> {
    let buffer = AlignedBuffer<Float>(repeating: 0, count: values.count)
    buffer.copy(values)
    return buffer
  }
}
