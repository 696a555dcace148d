import AllocationCounter
import Dataset
import Distributed
import Glibc
import Model
import Training

/// Training steps of the published network on any number of ranks, written down for tests to compare.
///
///     StepChecks run STEPS SAVE,SAVE GLOBAL-BATCH FOLDER     free-running: losses of every step, weights after some
///     StepChecks gradient initial|WEIGHTS GLOBAL-BATCH FILE   one step from given weights: losses, gradient, pairs
///
///     StepChecks allocations f32|bf16 GLOBAL-BATCH [SLICES]   calls of malloc in each of three steps, by whose they are
///     StepChecks budget f32|bf16 GLOBAL-BATCH                 what one step of each rank uses
///     StepChecks waiting MILLISECONDS                         what each rank waits for the last one, which comes late to a step
///
/// f32, learning rate 1e-3, the data that UNMIX_DATA names or synthetic pictures. Rank 0 writes.
@main
struct StepChecks {
  static let seed: UInt64 = 7

  static func main() {
    do {
      let communicator = try Communicator.world()
      try run(Array(CommandLine.arguments.dropFirst()), communicator)
      try Communicator.finalize()
    } catch {
      let text = "StepChecks: \(Communicator.failureLine(error))\n"
      _ = unsafe Glibc.write(STDERR_FILENO, text, text.utf8.count)
      Communicator.abort(code: 70)
    }
  }

  private static func run(_ arguments: [String], _ communicator: Communicator) throws {
    let topology = try Topology(communicator)
    useThreads(topology.threadsPerRank)
    switch (arguments.first, arguments.count) {
    case ("run", 5):
      let save = arguments[2].split(separator: ",").compactMap { Int($0) }
      try freeRun(
        steps: number(arguments[1]), save: save, globalBatch: number(arguments[3]), folder: arguments[4], communicator)
    case ("gradient", 4):
      try gradient(from: arguments[1], globalBatch: number(arguments[2]), output: arguments[3], communicator)
    case ("allocations", 3...4):
      try countAllocations(
        precision(arguments[1]), globalBatch: number(arguments[2]),
        slices: arguments.count > 3 ? number(arguments[3]) : nil, communicator)
    case ("budget", 3):
      try measureBudget(precision(arguments[1]), globalBatch: number(arguments[2]), communicator)
    case ("waiting", 2):
      try measureWaiting(lateness: number(arguments[1]), communicator)
    default:
      preconditionFailure("unknown arguments \(arguments)")
    }
  }

  private static func number(_ text: String) -> Int {
    guard let value = Int(text) else { preconditionFailure("\(text) is no number") }
    return value
  }

  private static func precision(_ text: String) -> Precision {
    guard let precision = Precision(rawValue: text) else { preconditionFailure("no precision \(text)") }
    return precision
  }

  /// The machinery of a step with initial weights, and the pictures.
  private static func prepare(
    globalBatch: Int, precision: Precision = .f32, slices: Int? = nil, data: String? = nil,
    grouping: NodeGrouping = .sharedMemory, _ communicator: Communicator
  ) throws -> (step: TrainingStep, generator: MixingGenerator) {
    let environment = unsafe getenv("UNMIX_DATA").map { unsafe ["UNMIX_DATA": String(cString: $0)] } ?? [:]
    let sources = try loadSources(DataRequest(data: data, sources: nil, environment: environment, seed: seed))
    let step = try TrainingStep(
      network: UNetConfiguration(), precision: precision, globalBatch: globalBatch, bucketBytes: 1 << 20,
      slices: slices, grouping: grouping, communicator: communicator)
    var numbers = PhiloxGenerator(seed: seed, stream: 3)
    initializeWeights(step.values, layout: step.layout, using: &numbers)
    return (step, MixingGenerator(sources: sources, stream: .training, seed: seed, imageSize: 32))
  }

  private static func losses(
    of index: Int, _ step: TrainingStep, _ generator: MixingGenerator
  ) throws -> TrainingStep.Losses {
    step.fill(step: index, from: generator)
    return try step.computeGradients()
  }

  private static func freeRun(
    steps: Int, save: [Int], globalBatch: Int, folder: String, _ communicator: Communicator
  ) throws {
    let (step, generator) = try prepare(globalBatch: globalBatch, communicator)
    try step.network.packWeights()
    var history: [Double] = []
    for index in 0..<steps {
      history.append(try losses(of: index, step, generator).sum)
      try step.update(step: index + 1, learningRate: 1e-3)
      if save.contains(index + 1), communicator.rank == 0 {
        let file = SafeTensorsFile(weights: step.values, layout: step.layout)
        try write(try file.serialized(), to: "\(folder)/weights-\(index + 1).safetensors")
      }
    }
    if communicator.rank == 0 {
      try write(try SafeTensorsFile.doubles(["loss": history]).serialized(), to: "\(folder)/losses.safetensors")
    }
  }

  /// Prints a line for each step of rank 0 after two that are not counted.
  private static func countAllocations(
    _ precision: Precision, globalBatch: Int, slices: Int?, _ communicator: Communicator
  ) throws {
    let (step, generator) = try prepare(
      globalBatch: globalBatch, precision: precision, slices: slices, communicator)
    try step.network.packWeights()
    for index in 0..<5 {
      if index >= 2 { allocation_counter_start() }
      _ = try losses(of: index, step, generator)
      try step.update(step: index + 1, learningRate: 1e-3)
      allocation_counter_stop()
      guard index >= 2, communicator.rank == 0 else { continue }
      print(
        "own \(allocation_count(.own)) onednn \(allocation_count(.onednn))",
        "mpi \(allocation_count(.mpi)) others \(allocation_count(.others))",
        "bytes \(allocation_bytes(.own))")
    }
  }

  /// Prints for each rank the milliseconds that it waited in a step without and in one with ``TrainingStep/measuresWaiting``,
  /// those of the second step's forward pass, and of both updates: waited, and in all sums and exchanges.
  private static func measureWaiting(lateness: Int, _ communicator: Communicator) throws {
    let network = UNetConfiguration(baseChannels: 4, blocks: 2, convolutionsPerBlock: 1)
    let step = try TrainingStep(
      network: network, precision: .f32, globalBatch: 8, rule: UpdateRule(method: .muon), bucketBytes: 1 << 20,
      communicator: communicator)
    var (waited, updates): ([Double], [Double]) = ([], [])
    func comesLate() { if communicator.rank == communicator.size - 1 { usleep(UInt32(1000 * lateness)) } }
    for measures in [false, true] {
      step.measuresWaiting = measures
      try communicator.barrier()
      comesLate()
      _ = try step.computeGradients()
      waited.append(step.waits.forward + step.waits.backward + step.waits.reduction)
      let before = step.sumSeconds
      comesLate()
      try step.update(step: 1, learningRate: 1e-3)
      updates += [step.waits.update, step.sumSeconds - before]
    }
    let line = (waited + [step.phases.forward] + updates).map { "\(Int($0 * 1000))" }.joined(separator: " ")
    for text in try communicator.gather(text: line, root: 0) { print(text) }
  }

  /// Prints a line for each rank: what its third step used, and the most memory it held. Drawn pictures: few, wherever it runs.
  /// Each rank counts as a node: within one nothing of a gradient is sent.
  private static func measureBudget(
    _ precision: Precision, globalBatch: Int, _ communicator: Communicator
  ) throws {
    let (step, generator) = try prepare(
      globalBatch: globalBatch, precision: precision, data: "synthetic", grouping: .single, communicator)
    try step.network.packWeights()
    var before = step.traffic
    for index in 0..<3 {
      before = step.traffic
      try takeStep(index, isCounted: index == 2, step, generator)
    }
    let (statistics, gradients) = (
      step.traffic.statistics - before.statistics, step.traffic.gradients - before.gradients
    )
    let line =
      "own_allocations \(allocation_count(.own)) statistics_messages \(statistics.messages) "
      + "gradient_messages \(gradients.messages) statistics_bytes \(statistics.bytes) gradient_bytes \(gradients.bytes) "
      + "resident_mib \(Int(StepBenchmark.residentBytes() / 1_048_576))"
    for text in try communicator.gather(text: line, root: 0) { print(text) }
  }

  /// A step, its allocations counted. A function of its own, so that nothing the caller needs later is made within.
  @inline(never)
  private static func takeStep(
    _ index: Int, isCounted: Bool, _ step: TrainingStep, _ generator: MixingGenerator
  ) throws {
    if isCounted { allocation_counter_start() }
    defer { allocation_counter_stop() }
    _ = try losses(of: index, step, generator)
    try step.update(step: index + 1, learningRate: 1e-3)
  }

  private static func gradient(
    from weights: String, globalBatch: Int, output: String, _ communicator: Communicator
  ) throws {
    let (step, generator) = try prepare(globalBatch: globalBatch, communicator)
    if weights != "initial" {
      try SafeTensorsFile(contentsOf: weights).loadWeights(into: step.values, layout: step.layout)
    }
    try step.network.packWeights()
    let losses = try losses(of: 0, step, generator)
    // Which pictures every rank mixed, in rank order: exact in f64.
    let indices = step.slice.flatMap { index -> [Double] in
      let pair = generator.pair(step: 0, index: index)
      return [Double(pair.first), Double(pair.second)]
    }
    let pairs = try communicator.gather(indices, root: 0)
    guard communicator.rank == 0 else { return }
    let file = SafeTensorsFile.doubles([
      "loss": [losses.first, losses.second], "pairs": pairs, "gradient": step.gradients.array().map(Double.init),
    ])
    try write(try file.serialized(), to: output)
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = unsafe fopen(path, "wb") else { throw WriteError(path: path) }
    let written = unsafe fwrite(bytes, 1, bytes.count, file)
    guard unsafe fclose(file) == 0, written == bytes.count else { throw WriteError(path: path) }
  }

  private struct WriteError: Error, CustomStringConvertible {
    let path: String
    var description: String { "cannot write \(path)" }
  }
}

extension SafeTensorsFile {
  /// A file of named f64 vectors.
  static func doubles(_ vectors: [String: [Double]]) -> SafeTensorsFile {
    SafeTensorsFile(
      tensors: vectors.sorted { $0.key < $1.key }.map { name, values in
        let bytes = unsafe values.withUnsafeBytes { unsafe Array($0) }
        return Tensor(name: name, dtype: "F64", shape: [values.count], bytes: bytes)
      }, metadata: [:])
  }
}
