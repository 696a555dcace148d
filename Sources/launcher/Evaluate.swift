import ArgumentParser
import Dataset
import Model
import Training

/// `launcher evaluate`: the published measure of a weight file.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure weights: rounds of test pairs, mean squared error of both heads.")

  enum Split: String, ExpressibleByArgument, Codable, CaseIterable { case validation, test }

  @Option(help: ArgumentHelp("Weights or a checkpoint (.safetensors).", valueName: "file"))
  var weights: String

  @Option(help: "Rounds.")
  var rounds = RunConfiguration().evaluationRounds

  @Option(help: "Pairs of each round.")
  var pairs = RunConfiguration().evaluationPairs

  @Option(help: "Pictures to draw from: validation or test.")
  var split = Split.test

  @OptionGroup var dataOptions: DataOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var results: OutputOptions

  func run() throws {
    let session = try Session.start()
    let file = try WeightsFile.shared(weights, session)
    let seed = try session.decided(seed.seed)
    let sources = try session.sources(dataOptions, seed: seed)
    guard sources.names == file.configuration.heads else {
      throw CommandError(
        status: .usage,
        description:
          "\(weights) separates \(file.configuration.heads), the pictures are \(sources.names); give --sources")
    }
    let precision = try session.precision(compute.precision)
    useThreads(try session.threads(compute.threads))
    let evaluator = try Evaluator(
      network: file.configuration, values: file.values, precision: precision, sources: sources,
      communicator: session.communicator)
    let result = try evaluator.evaluate(
      rounds: session.decided(rounds), pairs: session.decided(pairs), seed: seed,
      split: session.decided(split) == .test ? .test : .validation)
    session.print(results.json ? result.json() : result.summary)
  }
}
