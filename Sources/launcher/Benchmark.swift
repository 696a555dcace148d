import ArgumentParser
import Training

/// `launcher benchmark`: how fast this machine trains.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure throughput on these ranks.", subcommands: [BenchmarkStep.self],
    defaultSubcommand: BenchmarkStep.self)
}

/// `launcher benchmark step`.
struct BenchmarkStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Images per second and milliseconds of a training step, by phase.")

  @Option(help: "Steps before the measurement.")
  var warmUp = 3

  @Option(help: "Steps measured.")
  var steps = 20

  @Option(help: "Pairs of one step, over all ranks.")
  var globalBatch = RunConfiguration().globalBatch

  @OptionGroup var network: NetworkOptions
  @OptionGroup var dataOptions: DataOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var results: OutputOptions

  func run() throws {
    let session = try Session.start()
    var run = RunConfiguration()
    run.seed = try session.decided(seed.seed)
    let sources = try session.sources(dataOptions, seed: run.seed)
    run.network = try session.decided(network.configuration(heads: sources.names))
    run.globalBatch = try session.decided(globalBatch)
    run.precision = try session.precision(compute.precision)
    run.threads = try session.threads(compute.threads)
    let benchmark = try StepBenchmark(configuration: run, sources: sources, communicator: session.communicator)
    let result = try benchmark.run(warmUp: session.decided(warmUp), steps: session.decided(steps))
    if results.json {
      session.print(result.json())
    } else {
      session.print(
        "\(result.imagesPerSecondMedian) images/s median, \(result.imagesPerSecondMax) best; \(result.msPerStepMedian) ms a step "
          + "(\(result.ranks) ranks x \(result.threads) threads, \(result.precision), global batch \(result.globalBatch))"
      )
    }
  }
}
