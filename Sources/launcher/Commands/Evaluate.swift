import ArgumentParser
import Dataset
import Model
import Training

/// `launcher evaluate`.
struct Evaluate: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Evaluate weights: the mean squared error over rounds of test pairs.",
    discussion: """
      The result does not depend on the number of ranks. "projected" moves both predictions by the same residual, so that \
      their average is the mixed picture, and clamps them to 0..1; it is always reported apart.
      """)

  @OptionGroup var weights: WeightsOptions
  @OptionGroup var data: DataOptions

  @Option(parsing: .unconditional, help: "Rounds of pairs.")
  var rounds = RunConfiguration().evaluationRounds

  @Option(parsing: .unconditional, help: "Pairs of each round, drawn with replacement.")
  var pairs = RunConfiguration().evaluationPairs

  @Option(help: "Which pictures: validation or test.")
  var split = Split.test

  @OptionGroup var seed: SeedOption
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var watch: WatchOptions
  @OptionGroup var output: JSONFlag

  enum Split: String, CaseIterable, ExpressibleByArgument, Codable {
    case validation, test
    var stream: Dataset.Stream { self == .test ? .test : .validation }
  }

  func validate() throws {
    try check(rounds, in: 1...1_000_000, "--rounds")
    try check(pairs, in: 1...1_000_000_000, "--pairs")
  }

  /// What rank 0 decided.
  private struct Decision: Codable {
    var data: DataChoice
    var rounds: Int
    var pairs: Int
    var seed: UInt64
    var split: Split
    var precision: Precision
    var threads: Int
    var watch: WatchOptions.Decision
  }

  func run(_ job: Job) throws -> ExitStatus {
    let decision = try job.decide {
      Decision(
        data: data.choice(seed: seed.seed), rounds: rounds, pairs: pairs, seed: seed.seed, split: split,
        precision: compute.precision(job.automatic), threads: compute.threads(job.automatic),
        watch: watch.decision())
    }
    try job.watch(decision.watch)
    let network = try job.loadWeights(weights)
    let pictures = try job.loadPictures(decision.data)
    _ = try job.onRoot { try network.check(separates: pictures) }
    useThreads(decision.threads)
    job.announce(pictures, precision: decision.precision, threads: decision.threads)
    let evaluator = try Evaluator(
      network: network.configuration, values: network.values, precision: decision.precision, sources: pictures,
      communicator: job.communicator)
    let result = try evaluator.evaluate(
      rounds: decision.rounds, pairs: decision.pairs, seed: decision.seed, split: decision.split.stream)
    if job.isRoot { report(result) }
    return .done
  }

  private func report(_ result: EvaluationResult) {
    if output.json {
      Output.json(result)
    } else {
      Output.line(result.summary)
      let rows = result.mseBySource.sorted { $0.key < $1.key }.map { (name: "mse \($0.key)", value: "\($0.value)") }
      let spread = result.standardError.map { [(name: "standard error", value: "\($0)")] } ?? []
      Output.line(table(rows + spread))
    }
  }
}
