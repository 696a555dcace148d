import Dataset
import Distributed
import Model
import Training

/// `name=value` arguments as a small run: a network of a few thousand weights on forty drawn pictures.
struct Options {
  private let values: [String: String]

  init(_ arguments: [String]) {
    values = Dictionary(
      arguments.map { argument in
        let parts = argument.split(separator: "=", maxSplits: 1)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      }, uniquingKeysWith: { $1 })
  }

  func text(_ name: String) -> String { values[name] ?? "" }
  func number(_ name: String) -> Int? { values[name].flatMap { Int($0) } }

  var configuration: RunConfiguration {
    var configuration = RunConfiguration()
    configuration.network = UNetConfiguration(
      baseChannels: number("base") ?? 4, blocks: number("blocks") ?? 2, convolutionsPerBlock: 1)
    configuration.precision = values["precision"].flatMap(Precision.init) ?? .f32
    configuration.learningRate = values["rate"].flatMap(Double.init) ?? 1e-3
    configuration.epochs = number("epochs") ?? 2
    configuration.stepsPerEpoch = number("steps-per-epoch") ?? 6
    configuration.globalBatch = number("batch") ?? 8
    configuration.validationSteps = number("validation-steps") ?? 2
    configuration.seed = UInt64(number("seed") ?? 3)
    configuration.output = values["output"] ?? ""
    configuration.resume = values["resume"] ?? "auto"
    configuration.checkpointEvery = number("checkpoint-every")
    configuration.keep = number("keep") ?? 3
    configuration.evaluationRounds = number("rounds") ?? 2
    configuration.evaluationPairs = number("pairs") ?? 60
    configuration.bucketBytes = number("bucket-bytes") ?? 1024
    configuration.wire = values["wire"].flatMap(GradientWire.init) ?? .f32
    configuration.slices = number("slices")
    configuration.trace = values["trace"]
    configuration.recipe = values["recipe"] ?? "notebook"
    configuration.warmUp = number("warm-up") ?? 0
    configuration.coolDown = values["cool-down"].flatMap(Double.init)
    configuration.frozenPart = values["freeze-statistics"].flatMap(Double.init)
    configuration.timeBudget = number("time-budget")
    configuration.loss = values["loss"].flatMap(TrainingLoss.init) ?? .mse
    configuration.optimizer = values["optimizer"].flatMap(UpdateRule.Method.init) ?? .adam
    configuration.weightDecay = values["weight-decay"].flatMap(Double.init) ?? 0
    configuration.clipNorm = values["clip-norm"].flatMap(Double.init)
    configuration.averageDecay = values["average-decay"].flatMap(Double.init) ?? 0
    configuration.threads = number("threads") ?? 1
    return configuration
  }

  /// Rectangles of the first source, ramps of the second.
  var sources: SourceData { sources(rank: 0) }

  /// The pictures that `rank` holds: other ones on the rank that an option names.
  func sources(rank: Int) -> SourceData {
    func set(_ name: String, seed: UInt64, draw: (Int, Int, Int, Int) -> UInt8) -> ImageSet {
      var numbers = PhiloxGenerator(seed: seed, stream: 9)
      var pixels: [UInt8] = []
      for _ in 0..<40 {
        let (top, left) = (numbers.uniform(below: 16), numbers.uniform(below: 16))
        for y in 0..<28 { for x in 0..<28 { pixels.append(draw(y, x, top, left)) } }
      }
      return ImageSet(name: name, count: 40, rows: 28, columns: 28, pixels: pixels)
    }
    let isOther = values["other-pictures"] != nil || number("other-pictures-on-rank") == rank && rank > 0
    let other: UInt64 = isOther ? 100 : 0
    func rectangle(y: Int, x: Int, top: Int, left: Int) -> UInt8 {
      (top..<top + 10).contains(y) && (left..<left + 6).contains(x) ? 230 : 0
    }
    func ramp(y: Int, x: Int, top: Int, left: Int) -> UInt8 { UInt8((y * (top + 1) + x * (left + 1)) / 4 % 200) }
    return SourceData(
      names: ["mnist", "fashion"], origin: .synthetic,
      train: [set("a", seed: 1 + other, draw: rectangle), set("b", seed: 2, draw: ramp)],
      test: [set("c", seed: 3, draw: rectangle), set("d", seed: 4, draw: ramp)])
  }

  /// A step with the seed's initial weights.
  func step(_ world: Communicator) throws -> (TrainingStep, RunConfiguration) {
    let configuration = configuration
    useThreads(configuration.threads)
    let step = try TrainingStep(
      network: configuration.network, precision: configuration.precision, globalBatch: configuration.globalBatch,
      bucketBytes: configuration.bucketBytes, wire: configuration.wire, slices: configuration.slices,
      grouping: number("groups").map { .groups(of: $0) } ?? .sharedMemory, communicator: world)
    var numbers = PhiloxGenerator(seed: configuration.seed, stream: 3)
    initializeWeights(step.values, layout: step.layout, using: &numbers)
    try step.network.packWeights()
    return (step, configuration)
  }
}
