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
    /// Billion floating point operations a second that plain sums would take for all ranks' convolutions in the median step.
    package var gflops: Double
    /// The same of product instructions from registers on all ranks' threads, median of one look before each step; nil where
    /// no loop is known for the processor.
    package var peakGflops: Double?
    /// Share of the median step that messages add: (median - median of steps that send nothing) / median, the two kinds of
    /// steps in turn; nil where that was not asked for.
    package var exposedCommunication: Double?
    /// `gflops` of `peakGflops`; may be above 1 where Winograd's algorithm does with fewer products.
    package var fractionOfPeak: Double?
    /// The instruction of `peakGflops`.
    package var peakInstruction: String?
    /// Largest resident memory of a rank, MiB.
    package var residentMiB: Double
    /// The same with what a training holds beside its steps, MiB; nil where that was not asked for.
    package var trainingMiB: Double?
    /// Median milliseconds of each part of a step.
    package var phases: [String: Double]
    /// Who waits for whom, from further steps.
    package var stragglers: Stragglers?
    package var steps: Int
    package var ranks: Int
    package var threads: Int
    package var globalBatch: Int
    package var precision: String
    /// Whose loss, optimiser and average the steps have; nil in older results, which are the notebook's.
    package var recipe: String?
    package var instructionSet: String
    package var parameters: Int
    /// How gradients were added up.
    package var reduction: String
    /// "synthetic" where the pictures were drawn.
    package var data: String

    enum CodingKeys: String, CodingKey {
      case imagesPerSecondMedian = "images_per_s_median"
      case imagesPerSecondMax = "images_per_s_max"
      case msPerStepMedian = "ms_per_step_median"
      case gflops
      case peakGflops = "peak_gflops"
      case fractionOfPeak = "fraction_of_peak"
      case peakInstruction = "peak_instruction"
      case residentMiB = "resident_mib"
      case trainingMiB = "training_mib"
      case exposedCommunication = "exposed_communication"
      case phases, stragglers, steps, ranks, threads
      case globalBatch = "global_batch"
      case precision, recipe
      case instructionSet = "instruction_set"
      case parameters, reduction, data
    }

    /// One JSON object on one line.
    package func json() -> String { JSONText.encode(self) }
  }

  let configuration: RunConfiguration
  let sources: SourceData
  let communicator: Communicator

  /// A benchmark of `configuration`'s network, recipe, precision, threads and global batch; statistics are the batch's in every step. Throws ``RunError``. Local.
  package init(configuration: RunConfiguration, sources: SourceData, communicator: Communicator) throws {
    try configuration.check()
    try configuration.check(ranks: communicator.size)
    (self.configuration, self.sources, self.communicator) = (configuration, sources, communicator)
  }

  /// Takes `warmUp` steps, then measures `steps` ones. Collective; the result is rank 0's on every rank.
  ///
  /// With `silentToo` each measured step comes after one that sends nothing; both begin when all ranks are ready. `stragglerSteps`
  /// further ones, which count for nothing else, find out who waits for whom. With `trainingMemoryToo` a little validation and
  /// evaluation afterwards find out what a training holds.
  package func run(
    warmUp: Int, steps: Int, silentToo: Bool = false, stragglerSteps: Int = 0, trainingMemoryToo: Bool = false
  ) throws -> Result {
    guard warmUp >= 0 else { throw RunError.usage(option: "--warm-up", reason: "\(warmUp) is less than 0") }
    guard steps >= 1 else { throw RunError.usage(option: "--steps", reason: "\(steps) is less than 1") }
    useThreads(configuration.threads)
    let step = try TrainingStep(
      network: configuration.network, precision: configuration.precision, globalBatch: configuration.globalBatch,
      loss: configuration.loss, rule: configuration.updateRule, averageDecay: configuration.averageDecay,
      bucketBytes: configuration.bucketBytes, wire: configuration.wire, slices: configuration.slices,
      communicator: communicator)
    step.values.copy(NetworkWeights(initialised: configuration.network, seed: configuration.seed).values.array())
    try step.network.packWeights()
    let generator = MixingGenerator(
      sources: sources, stream: .training, seed: configuration.seed, imageSize: configuration.network.imageSize)

    let peak = ProductPeak(configuration.precision, threads: configuration.threads)
    var peaks: [Double] = []
    var times: [Double] = []
    var phases = ["data": [Double](), "forward": [], "loss": [], "backward": [], "reduction": [], "update": []]
    var silent: [Double] = []
    for number in 0..<warmUp + steps {
      if silentToo && number >= warmUp { silent.append(try silentStep(step, number, generator)) }
      var watch = Stopwatch()
      if number >= warmUp {
        if let peak { peaks.append(Double(peak.run()) / watch.lap()) }
        try communicator.barrier()
        _ = watch.lap()
      }
      step.fill(step: number, from: generator)
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
    let stragglers = try findStragglers(step, generator, numbers: warmUp + steps..<warmUp + steps + stragglerSteps)
    var ranks = [peaks.isEmpty ? 0 : Self.median(peaks)]
    try communicator.allReduce(&ranks, .sum)
    let resident = try mostResidentBytes()
    let training = trainingMemoryToo ? try withWhatATrainingHolds(step) { try mostResidentBytes() } : nil
    let exposed = silent.isEmpty ? nil : 1 - Self.median(silent) / Self.median(times)
    var result = summarize(
      times, phases, exposed: exposed, step, peak: peak.map { (ranks[0], $0.instruction) },
      residentBytes: (resident, training))
    result.stragglers = stragglers
    return try JSONText.decode(Result.self, from: communicator.broadcast(text: result.json(), root: 0))
  }

  /// Steps of these numbers in which all ranks meet before each sum; on rank 0, and nil where there are none.
  private func findStragglers(
    _ step: TrainingStep, _ generator: MixingGenerator, numbers: Range<Int>
  ) throws -> Stragglers? {
    guard !numbers.isEmpty else { return nil }
    step.measuresWaiting = true
    defer { step.measuresWaiting = false }
    var times = OwnTimes()
    for number in numbers {
      try communicator.barrier()
      var watch = Stopwatch()
      step.fill(step: number, from: generator)
      let data = watch.lap()
      _ = try step.computeGradients()
      try step.update(step: number + 1, learningRate: configuration.learningRate)
      times.add(data: data, step)
    }
    return try times.gather(communicator)
  }

  /// Seconds of a step that sends nothing and leaves the weights as they are.
  private func silentStep(_ step: TrainingStep, _ number: Int, _ generator: MixingGenerator) throws -> Double {
    step.isSilent = true
    defer { step.isSilent = false }
    try communicator.barrier()
    var watch = Stopwatch()
    step.fill(step: number, from: generator)
    _ = try step.computeGradients()
    try step.update(step: number + 1, learningRate: 0)
    return watch.lap()
  }

  private func summarize(
    _ times: [Double], _ phases: [String: [Double]], exposed: Double?, _ step: TrainingStep,
    peak: (perSecond: Double, instruction: String)?,
    residentBytes: (steps: Double, training: Double?)
  ) -> Result {
    let images = Double(configuration.globalBatch)
    let perSecond = images * Double(configuration.network.operations.training) / Self.median(times)
    return Result(
      imagesPerSecondMedian: images / Self.median(times), imagesPerSecondMax: images / (times.min() ?? .infinity),
      msPerStepMedian: Self.median(times) * 1000, gflops: perSecond * 1e-9,
      peakGflops: peak.map { $0.perSecond * 1e-9 }, exposedCommunication: exposed,
      fractionOfPeak: peak.map { perSecond / $0.perSecond }, peakInstruction: peak?.instruction,
      residentMiB: residentBytes.steps / 1_048_576, trainingMiB: residentBytes.training.map { $0 / 1_048_576 },
      phases: phases.mapValues { Self.median($0) * 1000 },
      stragglers: nil, steps: times.count, ranks: communicator.size, threads: configuration.threads,
      globalBatch: configuration.globalBatch, precision: configuration.precision.rawValue,
      recipe: configuration.recipe,
      instructionSet: InstructionSet.inUse.rawValue, parameters: step.layout.count,
      reduction: step.reduction, data: "\(sources.origin)")
  }

  static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "the median of no values")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
