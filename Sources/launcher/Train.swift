import ArgumentParser
import Model
import Training

/// `launcher train`, the default: trains, writes a run folder, ends with the evaluation.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train, and evaluate at the end (the default).",
    discussion: "Every option may stand in a YAML file given with --config; flags win.")

  @OptionGroup var dataOptions: DataOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var results: OutputOptions

  @Option(help: "Most epochs; the recipe may stop earlier.")
  var epochs = RunConfiguration().epochs

  @Option(help: "Steps of an epoch.")
  var stepsPerEpoch = RunConfiguration().stepsPerEpoch

  @Option(help: "Pairs of one step, over all ranks.")
  var globalBatch = RunConfiguration().globalBatch

  @Option(help: "Learning-rate policy and stopping: notebook.")
  var recipe = RunConfiguration().recipe

  @Option(help: "Learning rate of the first step.")
  var learningRate = RunConfiguration().learningRate

  @Option(help: "Batches of the validation after every epoch.")
  var validationSteps = RunConfiguration().validationSteps

  @Option(name: [.customShort("o"), .long], help: "Run folder. Default: a new one, runs/DATE-TIME.")
  var output = ""

  @Option(help: "Where to go on from: auto (the newest good checkpoint in --output), never, or a checkpoint's path.")
  var resume = RunConfiguration().resume

  @Option(help: "Steps between checkpoints. Default: one at the end of every epoch.")
  var checkpointEvery: Int?

  @Option(help: "Checkpoints that stay, the newest.")
  var keep = RunConfiguration().keep

  @Option(help: "Rounds of the closing evaluation, 0 for none.")
  var rounds = RunConfiguration().evaluationRounds

  @Option(help: "Test pairs of each round.")
  var pairs = RunConfiguration().evaluationPairs

  @Option(help: "Bytes of one gradient message.")
  var bucketBytes = RunConfiguration().bucketBytes

  /// What the options say; the heads, the precision and the threads are decided later.
  private var asked: RunConfiguration {
    var run = RunConfiguration()
    run.network = network.configuration(heads: run.network.heads)
    (run.recipe, run.learningRate, run.epochs) = (recipe, learningRate, epochs)
    (run.stepsPerEpoch, run.globalBatch, run.validationSteps) = (stepsPerEpoch, globalBatch, validationSteps)
    (run.seed, run.data, run.sources) = (seed.seed, dataOptions.data, dataOptions.sources)
    (run.output, run.resume, run.checkpointEvery, run.keep) = (output, resume, checkpointEvery, keep)
    (run.evaluationRounds, run.evaluationPairs, run.bucketBytes) = (rounds, pairs, bucketBytes)
    return run
  }

  func validate() throws {
    do {
      try asked.check()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    let session = try Session.start()
    var run = try session.decided(asked)
    let sources = try session.sources(dataOptions, seed: run.seed)
    run.network.heads = sources.names
    run.precision = try session.precision(compute.precision)
    run.threads = try session.threads(compute.threads)
    let trainer = try Trainer(
      configuration: run, sources: sources, communicator: session.communicator, topology: session.topology,
      reporter: ConsoleReporter())
    let outcome = try trainer.run()
    if outcome.stoppedOnRequest { throw ExitStatus.stoppedOnRequest }
    if let evaluation = outcome.evaluation { session.print(results.json ? evaluation.json() : evaluation.summary) }
  }
}
