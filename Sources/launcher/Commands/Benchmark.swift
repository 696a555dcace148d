import ArgumentParser
import Model
import Training

/// `launcher benchmark`.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the throughput of this machine.",
    subcommands: [BenchmarkStep.self, BenchmarkAllreduce.self, BenchmarkEvaluate.self],
    defaultSubcommand: BenchmarkStep.self)
}

/// How near a throughput comes to the peak of the processor, to follow it in a line.
func peakText(_ gflops: Double?, fraction: Double?, instruction: String?) -> String {
  guard let gflops, let fraction, let instruction else { return ", peak not known" }
  return ", \(Float(100 * fraction)) % of \(Float(gflops)), all threads repeating \(instruction)"
}

/// Milliseconds of the parts, the longest first.
func phaseText(_ phases: [String: Double]) -> String {
  phases.sorted { $0.value > $1.value }.map { "\($0.key) \(Float($0.value))" }.joined(separator: ", ")
}

/// `launcher benchmark [step]`.
struct BenchmarkStep: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Training steps: images per second, milliseconds of each part.",
    discussion: """
      With --compare another program that trains the same network is run in turn with this one (peer, launcher, peer, launcher, \
      ...), so that other users of the machine slow both alike. It must print a JSON object on its last line of standard output \
      with the key images_per_s_median or images_per_s, and may give its fastest step as images_per_s_max: without that the \
      bests are those of runs. Rank 0 starts it, on all cores of its node's ranks, while the other ranks sleep; variables that an \
      MPI launcher sets (OMPI_*, PMIX_*, PMI_*, ORTE_*, OPAL_*, MPI_LOCAL*, HYDRA_*, HYDI_*) are taken from its environment.
      """)

  @Option(parsing: .unconditional, help: "Steps that are measured.")
  var steps = 20

  @Option(parsing: .unconditional, help: "Steps before them that are not.")
  var warmUp = 3

  @Option(
    help:
      "Recipe that gives the steps their loss, optimizer and average of the weights: notebook, as other programs have it, or fast, before statistics are frozen."
  )
  var recipe = "notebook"

  @Flag(help: "Also take steps that send nothing, in turn, and report what the messages add to a step.")
  var exposed = false

  @Option(help: ArgumentHelp("A peer program to run in turn, for /bin/sh -c.", valueName: "command"))
  var compare: String?

  @Option(
    parsing: .unconditional,
    help: "Runs of the peer and of this program with --compare. (default: \(Self.usualAlternations))")
  var alternations: Int?

  private static let usualAlternations = 7
  /// Of further steps that find out who waits for whom.
  private static let mostStragglerSteps = 10

  @OptionGroup var data: DataOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var batch: GlobalBatchOption
  @OptionGroup var seed: SeedOption
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var wire: WireOptions
  @OptionGroup var slices: SlicesOption
  @OptionGroup var output: JSONFlag

  func validate() throws {
    try check(steps, in: 1...1_000_000, "--steps")
    try check(warmUp, in: 0...1_000_000, "--warm-up")
    guard Recipe.names.contains(recipe) else {
      throw ValidationError("--recipe: there is no recipe \(recipe); there is \(Recipe.names.joined(separator: ", "))")
    }
    try check(batch.globalBatch, in: 1...1 << 20, "--global-batch")
    if let alternations {
      try check(alternations, in: 1...10_000, "--alternations")
      guard compare != nil else { throw ValidationError("--alternations counts runs of --compare, which is not given") }
    }
    guard compare == nil || !exposed else { throw ValidationError("--exposed and --compare are two measurements") }
  }

  /// What rank 0 decided.
  private struct Decision: Codable {
    var configuration: RunConfiguration
    var data: DataChoice
    var warmUp: Int
    var steps: Int
    var exposed: Bool
    var compare: String?
    var alternations: Int
  }

  func run(_ job: Job) throws -> ExitStatus {
    let decision = try job.decide {
      var configuration = RunConfiguration(recipe: recipe, globalBatch: batch.globalBatch)
      configuration.network = network.configuration()
      configuration.seed = seed.seed
      configuration.precision = compute.precision(job.automatic)
      configuration.threads = compute.threads(job.automatic, slices: slices.slices)
      wire.apply(to: &configuration)
      slices.apply(to: &configuration)
      return Decision(
        configuration: configuration, data: data.choice(seed: seed.seed), warmUp: warmUp, steps: steps,
        exposed: exposed, compare: compare, alternations: alternations ?? Self.usualAlternations)
    }
    let pictures = try job.loadPictures(decision.data)
    var configuration = decision.configuration
    configuration.network.fit(pictures)
    job.announce(pictures, precision: configuration.precision, threads: configuration.threads)
    let benchmark = try StepBenchmark(
      configuration: configuration, sources: pictures, communicator: job.communicator)
    if let command = decision.compare {
      let comparison = try job.comparison(with: command, alternations: decision.alternations) {
        try benchmark.run(warmUp: decision.warmUp, steps: decision.steps)
      }
      if let comparison { report(comparison) }
    } else {
      let result = try benchmark.run(
        warmUp: decision.warmUp, steps: decision.steps, silentToo: decision.exposed,
        stragglerSteps: min(decision.steps, Self.mostStragglerSteps), trainingMemoryToo: true)
      if job.isRoot { report(result) }
    }
    return .done
  }

  /// Least, median and most of the ranks, the greatest first.
  private func spreads(_ spreads: [String: StepBenchmark.Spread]?) -> String {
    guard let spreads else { return "not measured" }
    return spreads.sorted { $0.value.max > $1.value.max }.map { name, spread in
      "\(name) \(Float(spread.min))/\(Float(spread.median))/\(Float(spread.max))"
    }.joined(separator: ", ")
  }

  private func report(_ result: StepBenchmark.Result) {
    guard !output.json else { return Output.line(result.json()) }
    let peak = peakText(result.peakGflops, fraction: result.fractionOfPeak, instruction: result.peakInstruction)
    Output.line(
      table([
        (name: "images/s, median step", value: "\(Float(result.imagesPerSecondMedian))"),
        (name: "images/s, fastest step", value: "\(Float(result.imagesPerSecondMax))"),
        (name: "ms per step, median", value: "\(Float(result.msPerStepMedian))"),
        (name: "of these, rank 0", value: phaseText(result.phases)),
        (name: "GFLOP/s, all ranks", value: "\(Float(result.gflops))" + peak),
        (
          name: "added by messages", value: result.exposedCommunication.map { "\(Float(100 * $0)) %" } ?? "not measured"
        ),
        (name: "work, ms of a rank", value: spreads(result.stragglers?.workMilliseconds)),
        (name: "waiting for others", value: spreads(result.stragglers?.waitingMilliseconds)),
        (name: "most work of its own", value: result.stragglers.map { "rank \($0.slowestRank)" } ?? "not measured"),
        (name: "sums of gradients", value: result.reduction),
        (
          name: "resident memory of a rank",
          value: "\(Int(result.residentMiB.rounded(.up))) MiB"
            + (result.trainingMiB.map { ", in a training \(Int($0.rounded(.up)))" } ?? "")
        ),
      ]))
  }
  private func report(_ result: PeerComparison) {
    guard !output.json else { return Output.line(result.json()) }
    func side(_ side: PeerComparison.Side) -> String {
      "median \(Float(side.imagesPerSecondMedian)), best \(Float(side.imagesPerSecondBest)) of "
        + side.runs.map { "\(Float($0))" }.joined(separator: " ")
    }
    Output.line(
      table([
        (name: "images/s, peer", value: side(result.peer)),
        (name: "images/s, launcher", value: side(result.unmix)),
        (name: "ratio of medians", value: "\(Float(result.ratioOfMedians))"),
        (name: "ratio of best \(result.bests.rawValue)", value: "\(Float(result.ratioOfBests))"),
        (name: "load, start and end", value: "\(Float(result.loadAtStart)), \(Float(result.loadAtEnd))"),
      ]))
  }
}
