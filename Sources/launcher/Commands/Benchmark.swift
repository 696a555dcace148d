import ArgumentParser
import Model
import Training

/// `launcher benchmark`.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the throughput of this machine.", subcommands: [BenchmarkStep.self, BenchmarkAllreduce.self],
    defaultSubcommand: BenchmarkStep.self)
}

/// `launcher benchmark [step]`.
struct BenchmarkStep: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Training steps: images per second, milliseconds of each part.")

  @Option(help: "Steps that are measured.")
  var steps = 20

  @Option(help: "Steps before them that are not.")
  var warmUp = 3

  @Flag(help: "Also take steps that send nothing, in turn, and report what the messages add to a step.")
  var exposed = false

  @OptionGroup var data: DataOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var batch: GlobalBatchOption
  @OptionGroup var seed: SeedOption
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var wire: WireOptions
  @OptionGroup var output: JSONFlag

  func validate() throws {
    try check(steps, in: 1...1_000_000, "--steps")
    try check(warmUp, in: 0...1_000_000, "--warm-up")
    try check(batch.globalBatch, in: 1...1 << 20, "--global-batch")
  }

  /// What rank 0 decided.
  private struct Decision: Codable {
    var configuration: RunConfiguration
    var data: DataChoice
    var warmUp: Int
    var steps: Int
    var exposed: Bool
  }

  func run(_ job: Job) throws -> ExitStatus {
    let decision = try job.decide {
      var configuration = RunConfiguration()
      configuration.network = network.configuration()
      configuration.globalBatch = batch.globalBatch
      configuration.seed = seed.seed
      configuration.precision = compute.precision(job.automatic)
      configuration.threads = compute.threads(job.automatic)
      wire.apply(to: &configuration)
      return Decision(
        configuration: configuration, data: data.choice(seed: seed.seed), warmUp: warmUp, steps: steps,
        exposed: exposed)
    }
    let pictures = try job.loadPictures(decision.data)
    var configuration = decision.configuration
    configuration.network.heads = pictures.names
    job.announce(pictures, precision: configuration.precision, threads: configuration.threads)
    let result = try StepBenchmark(
      configuration: configuration, sources: pictures, communicator: job.communicator
    ).run(warmUp: decision.warmUp, steps: decision.steps, silentToo: decision.exposed)
    if job.isRoot { report(result) }
    return .done
  }

  private func peak(of result: StepBenchmark.Result) -> String {
    guard let peak = result.peakGflops, let fraction = result.fractionOfPeak, let name = result.peakInstruction else {
      return ", peak not known"
    }
    return ", \(Float(100 * fraction)) % of \(Float(peak)), all threads repeating \(name)"
  }

  private func report(_ result: StepBenchmark.Result) {
    guard !output.json else { return Output.line(result.json()) }
    let phases = result.phases.sorted { $0.value > $1.value }.map { "\($0.key) \(Float($0.value))" }
    Output.line(
      table([
        (name: "images/s, median step", value: "\(Float(result.imagesPerSecondMedian))"),
        (name: "images/s, fastest step", value: "\(Float(result.imagesPerSecondMax))"),
        (name: "ms per step, median", value: "\(Float(result.msPerStepMedian))"),
        (name: "of these, rank 0", value: phases.joined(separator: ", ")),
        (name: "GFLOP/s, all ranks", value: "\(Float(result.gflops))" + peak(of: result)),
        (
          name: "added by messages", value: result.exposedCommunication.map { "\(Float(100 * $0)) %" } ?? "not measured"
        ),
        (name: "resident memory of a rank", value: "\(Int(result.residentMiB)) MiB"),
      ]))
  }
}
