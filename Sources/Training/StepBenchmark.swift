package import Dataset
package import Distributed
import Model

/// Throughput of training steps on this machine: data, forward, backward, reduction and update of real steps.
package struct StepBenchmark {
  /// What was measured; milliseconds are those of rank 0.
  package struct Result: Sendable, Codable, Equatable {
    /// Pairs of the global batch per second in the median step.
    package var imagesPerSecondMedian: Double
    /// In the fastest step.
    package var imagesPerSecondMax: Double
    package var msPerStepMedian: Double
    /// Median milliseconds of each part of a step.
    package var phases: [String: Double]
    package var steps: Int
    package var ranks: Int
    package var threads: Int
    package var globalBatch: Int
    package var precision: String
    package var instructionSet: String
    package var parameters: Int
    /// "synthetic" where the pictures were drawn.
    package var data: String

    enum CodingKeys: String, CodingKey {
      case imagesPerSecondMedian = "images_per_s_median"
      case imagesPerSecondMax = "images_per_s_max"
      case msPerStepMedian = "ms_per_step_median"
      case phases, steps, ranks, threads
      case globalBatch = "global_batch"
      case precision
      case instructionSet = "instruction_set"
      case parameters, data
    }

    /// One JSON object on one line.
    package func json() -> String { JSONText.encode(self) }
  }

  private let configuration: RunConfiguration
  private let sources: SourceData
  private let communicator: Communicator

  /// A benchmark of `configuration`'s network, precision, threads and global batch. Throws ``RunError``. Local.
  package init(configuration: RunConfiguration, sources: SourceData, communicator: Communicator) throws {
    try configuration.check()
    (self.configuration, self.sources, self.communicator) = (configuration, sources, communicator)
  }

  /// Takes `warmUp` steps, then measures `steps` ones. Collective; the result is rank 0's on every rank.
  package func run(warmUp: Int, steps: Int) throws -> Result {
    guard warmUp >= 0 else { throw RunError.usage(option: "--warm-up", reason: "\(warmUp) is less than 0") }
    guard steps >= 1 else { throw RunError.usage(option: "--steps", reason: "\(steps) is less than 1") }
    useThreads(configuration.threads)
    let step = try TrainingStep(
      network: configuration.network, precision: configuration.precision, globalBatch: configuration.globalBatch,
      bucketBytes: configuration.bucketBytes, communicator: communicator)
    var numbers = PhiloxGenerator(seed: configuration.seed, stream: 3)
    initializeWeights(step.values, layout: step.layout, using: &numbers)
    try step.network.packWeights()
    let generator = MixingGenerator(sources: sources, stream: .training, seed: configuration.seed)

    var times: [Double] = []
    var phases = ["data": [Double](), "forward": [], "loss": [], "backward": [], "reduction": [], "update": []]
    for number in 0..<warmUp + steps {
      if number == warmUp { try communicator.barrier() }
      var watch = Stopwatch()
      unsafe generator.fill(step: number, pairs: step.slice, mixed: step.network.input, targets: step.network.targets)
      let data = watch.lap()
      _ = try step.computeGradients()
      try step.update(step: number + 1, learningRate: configuration.learningRate)
      guard number >= warmUp else { continue }
      times.append(data + watch.lap())
      let parts = step.phases
      for (name, seconds) in [
        ("data", data), ("forward", parts.forward), ("loss", parts.loss), ("backward", parts.backward),
        ("reduction", parts.reduction), ("update", parts.update),
      ] { phases[name]?.append(seconds) }
    }
    let result = summarize(times, phases, parameters: step.layout.count)
    return try JSONText.decode(Result.self, from: communicator.broadcast(text: result.json(), root: 0))
  }

  private func summarize(_ times: [Double], _ phases: [String: [Double]], parameters: Int) -> Result {
    let images = Double(configuration.globalBatch)
    return Result(
      imagesPerSecondMedian: images / Self.median(times), imagesPerSecondMax: images / (times.min() ?? .infinity),
      msPerStepMedian: Self.median(times) * 1000, phases: phases.mapValues { Self.median($0) * 1000 },
      steps: times.count, ranks: communicator.size, threads: configuration.threads,
      globalBatch: configuration.globalBatch, precision: configuration.precision.rawValue,
      instructionSet: instructionSetInUse(), parameters: parameters, data: "\(sources.origin)")
  }

  static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "the median of no values")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
