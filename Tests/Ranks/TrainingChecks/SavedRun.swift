import Model
import Training

/// Writes checkpoint and weights of a run as rank 0 does, without ranks: for tests that cut it off at any call.
struct SavedRun {
  private let source: Checkpoint
  private let output: String

  init(_ options: Options) throws {
    source = try Checkpoint(contentsOf: options.text("from"))
    output = options.text("output")
  }

  /// A value for each of the run one step later: twice as large, so that variances stay such.
  private static func buffer(_ values: [Float]) -> AlignedBuffer<Float> {
    let buffer = AlignedBuffer<Float>(repeating: 0, count: values.count)
    buffer.copy(values.map { 2 * $0 })
    return buffer
  }

  func save() throws {
    let lock = try RunLock(folder: output, report: { _ in })
    var state = source.state
    state.step += 1
    let layout = ParameterLayout(source.configuration.network)
    let writer = try CheckpointWriter(
      folder: CheckpointFolder("\(output)/checkpoints"), keep: 1, layout: layout, lock: lock)
    let (current, moments) = (Self.buffer(try source.weights(best: false)), try source.moments())
    try writer.save(
      .init(
        configuration: source.configuration, state: state, plan: source.plan, dataName: source.dataName,
        dataFingerprint: source.dataFingerprint),
      .init(
        current: current, best: Self.buffer(try source.weights(best: true)),
        firstMoments: Self.buffer(moments.first), secondMoments: Self.buffer(moments.second)), report: { _ in })
    try writer.finish(report: { _ in })
    let weights = NetworkWeights(configuration: source.configuration.network, values: current)
    try weights.write(to: "\(output)/best.safetensors")
  }
}
