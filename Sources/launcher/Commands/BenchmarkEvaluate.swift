import ArgumentParser
import Training

/// `launcher benchmark evaluate`.
struct BenchmarkEvaluate: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Evaluation: images per second, milliseconds of each part.",
    discussion: """
      The network has new weights; the work is that of launcher evaluate, whose number this is not. A batch takes as long as \
      its slowest rank.
      """)

  @Option(parsing: .unconditional, help: "Batches of every rank that are measured.")
  var batches = 20

  @Option(parsing: .unconditional, help: "Batches before them that are not.")
  var warmUp = 3

  @OptionGroup var data: DataOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: JSONFlag

  func validate() throws {
    try check(batches, in: 1...10_000, "--batches")
    try check(warmUp, in: 0...10_000, "--warm-up")
  }

  /// What rank 0 decided.
  private struct Decision: Codable {
    var configuration: RunConfiguration
    var data: DataChoice
    var warmUp: Int
    var batches: Int
  }

  func run(_ job: Job) throws -> ExitStatus {
    let decision = try job.decide {
      var configuration = RunConfiguration()
      configuration.network = network.configuration()
      configuration.seed = seed.seed
      configuration.precision = compute.precision(job.automatic)
      configuration.threads = compute.threads(job.automatic)
      return Decision(
        configuration: configuration, data: data.choice(seed: seed.seed), warmUp: warmUp, batches: batches)
    }
    let pictures = try job.loadPictures(decision.data)
    var configuration = decision.configuration
    configuration.network.fit(pictures)
    job.announce(pictures, precision: configuration.precision, threads: configuration.threads)
    let result = try EvaluationBenchmark(
      configuration: configuration, sources: pictures, communicator: job.communicator
    ).run(warmUp: decision.warmUp, batches: decision.batches)
    if job.isRoot { report(result) }
    return .done
  }

  private func report(_ result: EvaluationBenchmark.Result) {
    guard !output.json else { return Output.json(result) }
    let peak = peakText(result.peakGflops, fraction: result.fractionOfPeak, instruction: result.peakInstruction)
    Output.line(
      table([
        (name: "images/s, median batch", value: "\(Float(result.imagesPerSecondMedian))"),
        (name: "images/s, fastest batch", value: "\(Float(result.imagesPerSecondMax))"),
        (name: "ms per batch, median", value: "\(Float(result.msPerBatchMedian))"),
        (name: "of these, rank 0", value: phaseText(result.phases)),
        (name: "GFLOP/s, all ranks", value: "\(Float(result.gflops))" + peak),
        (name: "resident memory of a rank", value: "\(Int(result.residentMiB.rounded(.up))) MiB"),
      ]))
  }
}
