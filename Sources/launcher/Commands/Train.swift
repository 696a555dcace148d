import ArgumentParser
import Dataset
import Model
import Training

/// `launcher [train]`.
struct Train: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network, evaluate it, write a run folder. The default command.",
    discussion: """
      The run folder gets config.yaml, metrics.csv, metrics.jsonl, log.txt, tensorboard/, checkpoints/, best.safetensors, \
      evaluation.json, samples.png, samples.safetensors and report.html. SIGUSR1, SIGTERM or Ctrl-C stop the run after the step at hand with a checkpoint (exit code 75); the \
      same command with the same --output goes on from it.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Recipe") var recipe: RecipeOptions
  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Messages") var wire: WireOptions
  @OptionGroup(title: "Messages") var slices: SlicesOption
  @OptionGroup(title: "Machine") var balance: BalanceOption
  @OptionGroup(title: "Run folder") var folder: FolderOptions
  @OptionGroup(title: "Stopping") var stop: StopOptions
  @OptionGroup(title: "Watching") var watch: WatchOptions
  @OptionGroup(title: "Closing evaluation") var evaluation: EvaluationOptions

  @Option(
    help: ArgumentHelp(
      "Read options from this file: their names without dashes, as a run's config.yaml has them. Flags win.",
      valueName: "file.yaml"))
  var config: String?

  @Option(help: "Which ranks say where they run and what they loaded: root or all.")
  var logRanks = LogRanks.root

  @OptionGroup var output: JSONFlag

  enum LogRanks: String, CaseIterable, ExpressibleByArgument, Codable { case root, all }

  /// What a file adds is not known here.
  func validate() throws {
    try check(path: config, "--config")
    if config == nil { try checkTogether() }
  }

  /// Throws for values that do not fit together.
  func checkTogether() throws {
    try check(runConfiguration(nil))
    try stop.check()
    try check(path: folder.output, "--output")
  }

  /// What rank 0 decided.
  private struct Decision: Codable {
    var configuration: RunConfiguration
    var data: DataChoice
    var stopSignals: StopSignalList
    var watch: WatchOptions.Decision
    var logRanks: LogRanks
    var json: Bool
  }

  func run() throws {
    // Before MPI is started: a request that comes during the start must not end the process, nor may who stops reading.
    StopRequest.listen()
    Output.outliveReaders()
    Job.run(run)
  }

  func run(_ job: Job) throws -> ExitStatus {
    let start = TimeLimit.now
    var limit: TimeLimit?
    let decision = try job.decide {
      let train = try config.map { try ConfigurationFile(contentsOf: $0).train(with: Self.flags) } ?? self
      limit = train.stop.limit(start: start)
      return Decision(
        configuration: train.runConfiguration(job.automatic), data: train.data.choice(seed: train.recipe.seed.seed),
        stopSignals: train.stop.stopSignals, watch: train.watch.decision(), logRanks: train.logRanks,
        json: train.output.json)
    }
    StopRequest.listen(to: decision.stopSignals.signals)
    try job.watch(decision.watch)
    let pictures = try job.loadPictures(decision.data) { if StopRequest.hasCome { throw StoppedWhileLoading() } }
    if decision.logRanks == .all { job.describe(pictures, threads: decision.configuration.threads) }
    var configuration = decision.configuration
    configuration.network.fit(pictures)

    let trainer = try Trainer(
      configuration: configuration, sources: pictures, communicator: job.communicator, topology: job.topology,
      reporter: ConsoleReporter())
    trainer.isAskedToStop = { StopRequest.hasCome || limit?.hasCome(now: TimeLimit.now) == true }
    trainer.reasonToStop = { StopRequest.signal.map { "SIG\($0.rawValue)" } ?? limit?.reason }
    let outcome = try trainer.run()
    if job.isRoot { report(outcome, json: decision.json) }
    return outcome.stoppedOnRequest ? .stopped : .done
  }

  /// This program's own.
  private static var flags: [String] {
    let words = Array(CommandLine.arguments.dropFirst())
    return words.first == _commandName ? Array(words.dropFirst()) : words
  }

  /// The run as the options have it; what they leave to the machine is `automatic`, or some valid value without it.
  private func runConfiguration(_ automatic: Job.Automatic?) -> RunConfiguration {
    let automatic = automatic ?? Job.Automatic(precision: .f32, threads: 1)
    var run = RunConfiguration()
    run.network = network.configuration()
    run.precision = compute.precision(automatic)
    run.threads = compute.threads(automatic, slices: slices.slices)
    recipe.apply(to: &run)
    wire.apply(to: &run)
    slices.apply(to: &run)
    balance.apply(to: &run)
    (run.data, run.sources) = (data.data, data.sources)
    folder.apply(to: &run)
    (run.evaluationRounds, run.evaluationPairs) = (evaluation.rounds, evaluation.pairs)
    return run
  }

  private func report(_ outcome: TrainingOutcome, json: Bool) {
    if json {
      if let evaluation = outcome.evaluation { Output.json(evaluation) } else { Output.json(Summary(outcome)) }
      return
    }
    let best = outcome.bestValidationLoss.isFinite ? "\(Float(outcome.bestValidationLoss))" : "none yet"
    var rows = [("run folder", outcome.runFolder), ("epochs", "\(outcome.epochs)"), ("steps", "\(outcome.steps)")]
    rows.append(("best validation loss", best))
    if outcome.stoppedOnRequest { rows.append(("stopped", "on request; the same command with --output goes on")) }
    if outcome.stoppedEarly { rows.append(("stopped", "early: the validation loss no longer fell")) }
    Output.line(table(rows.map { (name: $0.0, value: $0.1) }))
    if let evaluation = outcome.evaluation { Output.line(evaluation.summary) }
  }

  /// What `--json` prints of a run without an evaluation.
  private struct Summary: Encodable {
    var runFolder: String
    var epochs: Int
    var steps: Int
    var bestValidationLoss: Double?
    var stoppedOnRequest: Bool

    init(_ outcome: TrainingOutcome) {
      (runFolder, epochs, steps) = (outcome.runFolder, outcome.epochs, outcome.steps)
      bestValidationLoss = outcome.bestValidationLoss.isFinite ? outcome.bestValidationLoss : nil
      stoppedOnRequest = outcome.stoppedOnRequest
    }

    enum CodingKeys: String, CodingKey {
      case runFolder = "run_folder"
      case epochs, steps
      case bestValidationLoss = "best_validation_loss"
      case stoppedOnRequest = "stopped_on_request"
    }
  }
}

extension Job {
  /// A line of this rank: where it runs and what it loaded.
  fileprivate func describe(_ pictures: SourceData, threads: Int) {
    let cores = topology.places[communicator.rank].cores.map(String.init).joined(separator: ",")
    Output.note(
      "rank \(communicator.rank) of \(communicator.size) on \(topology.host): cores \(cores), threads \(threads), "
        + "data \(pictures.origin)")
  }
}
