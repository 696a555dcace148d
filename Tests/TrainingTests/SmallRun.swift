import Dataset
import Model

@testable import Training

/// A network of a few weights and a run of it, for the files that a run writes.
struct SmallRun {
  var configuration = RunConfiguration()
  var state: TrainingState
  var plan = RunPlan(
    ranks: 2, bucketBytes: 4096, wire: .f32, nodes: [0, 0], threads: 1, precision: .f32, instructionSet: "baseline",
    mpi: "MPI 1",
    oneDNN: "2.6.3",
    slices: [[0, 16], [16, 32]], fixedSlices: nil)

  init() {
    configuration.bucketBytes = plan.bucketBytes
    configuration.network = UNetConfiguration(baseChannels: 2, blocks: 2, convolutionsPerBlock: 1)
    var recipe = NotebookRecipe()
    _ = recipe.epochEnded(0, validationLoss: 0.1)
    state = TrainingState(recipe: .notebook(recipe))
    state.epoch = 1
    state.step = 1687
  }

  var layout: ParameterLayout { ParameterLayout(configuration.network) }

  /// A buffer of numbers that name their place and the buffer.
  func buffer(_ number: Int, count: Int? = nil) -> AlignedBuffer<Float> {
    let count = count ?? layout.count
    let buffer = AlignedBuffer<Float>(repeating: 0, count: count)
    buffer.copy((0..<count).map { Float($0) / 7 + Float(number) * 1e5 })
    return buffer
  }

  var description: Checkpoint.Description {
    .init(configuration: configuration, state: state, plan: plan, dataName: "synthetic", dataFingerprint: "abc")
  }

  /// The bytes of the run's checkpoint. `value` is the first weight where it is given.
  func serialized(best: Bool = true, fingerprint: String = "abc", value: Float? = nil) -> [UInt8] {
    var description = description
    description.dataFingerprint = fingerprint
    let current = buffer(1)
    if let value { unsafe current.elements[0] = value }
    return CheckpointImage(
      description, layout: layout, buffers(current: current, hasBest: best)
    ).bytes
  }

  /// `current` with the run's other buffers, the fourth of which are the second moments.
  func buffers(current: AlignedBuffer<Float>, hasBest: Bool = true) -> RunBuffers {
    RunBuffers(
      current: current, best: hasBest ? buffer(2) : nil, firstMoments: buffer(3, count: layout.trainedCount),
      secondMoments: buffer(4, count: layout.trainedCount))
  }

  /// The file with other tensors or metadata, sealed again.
  func altered(fingerprint: String = "abc", _ change: (inout SafeTensorsFile) -> Void) throws -> [UInt8] {
    var file = try SafeTensorsFile(bytes: serialized(fingerprint: fingerprint), path: "memory")
    change(&file)
    let digests = file.tensors.map { ($0.name, Seal.digest(of: $0.bytes)) }
    file.metadata[Seal.tensorsKey] = JSONText.encode(Dictionary(uniqueKeysWithValues: digests))
    file.metadata[Seal.key] = Seal.placeholder
    let bytes = try file.serialized()
    var header = Array(bytes[..<Seal.headerByteCount(bytes)])
    Seal.close(&header)
    return header + bytes[header.count...]
  }

  func write(to path: String) throws { try FileSystem.writeAtomically(serialized(), to: path) }

  /// Eight flat pictures of each kind.
  static var sources: SourceData {
    func set(_ name: String, _ value: UInt8) -> ImageSet {
      ImageSet(name: name, count: 8, rows: 2, columns: 2, pixels: (0..<32).map { value + UInt8($0 / 4) })
    }
    return SourceData(
      names: ["mnist", "fashion"], origin: .synthetic, train: [set("a", 10), set("b", 60)],
      test: [set("c", 110), set("d", 160)])
  }
}
