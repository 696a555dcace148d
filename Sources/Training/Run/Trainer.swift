package import Dataset
package import Distributed
import Model

/// How a run ended.
package struct TrainingOutcome: Sendable {
  package let runFolder: String
  /// Complete epochs, those before a resume too.
  package let epochs: Int
  /// Steps, those before a resume too.
  package let steps: Int
  /// Infinity where no epoch is complete.
  package let bestValidationLoss: Double
  /// The recipe ended the run before its last epoch.
  package let stoppedEarly: Bool
  /// Some rank was asked to stop; a checkpoint is saved and nothing was evaluated (sysexits 75).
  package let stoppedOnRequest: Bool
  /// nil without rounds.
  package let evaluation: EvaluationResult?
}

/// Trains as ``RunConfiguration`` says: recipe, validation, checkpoints, metrics, closing evaluation, samples and report.
///
/// Rank 0 decides (configuration, folder, resume, learning rate, best, stop) and tells the others; it alone writes files
/// and reports. All calls are collective. A rank that throws leaves the others waiting: the caller ends the job.
package final class Trainer {
  let configuration: RunConfiguration
  let sources: SourceData
  let communicator: Communicator
  let topology: Topology
  let reporter: any RunReporter
  package let step: TrainingStep
  let generator: MixingGenerator
  let validator: Validator
  let plan: RunPlan
  let runFolder: String
  /// Rank 0's: folder, where it starts, the best weights, what writes its checkpoints.
  private(set) var start: RunStart?
  let best: AlignedBuffer<Float>?
  let writer: CheckpointWriter?
  /// Rank 0's, once the run has begun.
  var recorders: [any RunRecorder] = []
  /// Rank 0's: what it shows while it works.
  var progressMeter: ProgressMeter?
  /// Rank 0's: which ranks the others wait for.
  var stragglers = StragglerTable()
  /// Those whose last attempt failed, by their places.
  var waitingRecorders: Set<Int> = []
  /// nil unless a trace was asked for.
  var tracer: Tracer?
  var state: TrainingState
  /// Of the last checkpoint written.
  var savedState: TrainingState?
  let agreement: WeightAgreement

  /// Pairs of the validation whose pictures are recorded after every epoch.
  static let recordedPairs = 4

  /// Asked on every rank before every step and every batch of validation and evaluation: true on any of them stops the run
  /// after it, with a checkpoint.
  package var isAskedToStop: () -> Bool = { false }
  /// Why, in words, as far as rank 0 knows.
  package var reasonToStop: () -> String? = { nil }

  /// What rank 0 found before the start and the others follow.
  private struct Beginning: Codable {
    var runFolder: String
    var state: TrainingState
    var bucketBytes: Int
    var grouping: NodeGrouping
    /// Pairs of each rank, of the run that goes on; nil where they are equal or to be measured.
    var shares: [Int]?
    var isResumed: Bool
    /// The checkpoint that it goes on from is one of the run folder's.
    var isSaved: Bool
  }

  /// Takes rank 0's configuration, finds the run folder and the checkpoint, plans everything. Collective.
  ///
  /// Throws ``RunError`` for values that cannot be and for ranks with other pictures; on rank 0 ``CheckpointError`` and
  /// ``FileError``; what MPI and oneDNN report.
  package init(
    configuration: RunConfiguration, sources: SourceData, communicator: Communicator, topology: Topology,
    reporter: any RunReporter
  ) throws {
    let decided = try communicator.broadcast(text: JSONText.encode(configuration), root: 0)
    var configuration = try JSONText.decode(RunConfiguration.self, from: decided)
    try configuration.check()
    try configuration.check(ranks: communicator.size)
    guard let recipe = Recipe(named: configuration.recipe, learningRate: configuration.learningRate) else {
      preconditionFailure("the configuration was checked and has no recipe \(configuration.recipe)")
    }
    try Self.checkData(sources, configuration, communicator: communicator)

    let start =
      communicator.rank == 0 ? try RunStart.decide(configuration, sources: sources, report: reporter.line) : nil
    let ours = start.map { start in
      JSONText.encode(
        Beginning(
          runFolder: start.folder.path, state: Self.state(after: start, configuration, recipe: recipe),
          bucketBytes: start.checkpoint?.plan.bucketBytes ?? configuration.bucketBytes,
          grouping: Self.grouping(after: start.checkpoint?.plan, ranks: communicator.size),
          shares: Self.shares(after: start.checkpoint, configuration, ranks: communicator.size),
          isResumed: start.checkpoint != nil,
          isSaved: start.checkpoint.map { start.folder.ownsCheckpoint($0.path) } ?? false))
    }
    let text = try communicator.broadcast(text: ours ?? "", root: 0)
    let beginning = try JSONText.decode(Beginning.self, from: text)
    configuration.output = beginning.runFolder
    configuration.bucketBytes = beginning.bucketBytes

    ProgressBoard.own.enter(.planning)
    useThreads(configuration.threads)
    var shares = beginning.shares
    if configuration.balance == .speed && shares == nil {
      shares = SpeedBalance.shares(
        of: configuration.globalBatch,
        secondsPerPair: try SpeedBalance.measure(configuration, sources: sources, communicator: communicator))
    }
    step = try TrainingStep(
      network: configuration.network, precision: configuration.precision, globalBatch: configuration.globalBatch,
      loss: configuration.loss, rule: configuration.updateRule, averageDecay: configuration.averageDecay,
      bucketBytes: configuration.bucketBytes, wire: configuration.wire,
      slices: configuration.slices, shares: shares,
      grouping: beginning.grouping, communicator: communicator)
    validator = try Validator(
      step: step, precision: configuration.precision,
      generator: MixingGenerator(
        sources: sources, stream: .validation, seed: configuration.seed, imageSize: configuration.network.imageSize),
      steps: configuration.validationSteps, communicator: communicator)
    generator = MixingGenerator(
      sources: sources, stream: .training, seed: configuration.seed, imageSize: configuration.network.imageSize)
    agreement = WeightAgreement(communicator: communicator)
    plan = try RunPlan(
      configuration, nodes: step.nodes, algorithm: step.algorithm, slicing: step.slicing, communicator: communicator)
    best = start.map { [count = step.layout.count] _ in AlignedBuffer<Float>(repeating: 0, count: count) }
    writer = try start.map { [layout = step.layout, configuration] start in
      try CheckpointWriter(
        folder: start.folder.checkpoints, keep: configuration.keep, layout: layout,
        keepsAverages: configuration.averageDecay > 0, lock: start.lock)
    }
    (self.configuration, self.sources, self.communicator) = (configuration, sources, communicator)
    (self.topology, self.reporter, self.start) = (topology, reporter, start)
    (runFolder, state) = (beginning.runFolder, beginning.state)
    if beginning.isResumed { try restore() } else { try initialize() }
    // A checkpoint's tensors are five times the weights.
    self.start?.forgetWeights()
    if beginning.isSaved { savedState = state }
    try step.network.packWeights()
  }

  /// Trains to the end, evaluates and writes everything. Collective. Call once.
  ///
  /// Throws ``RunError/nonFinite(_:step:)`` on every rank where a loss or gradient is not finite, ``FileError`` on rank 0
  /// where a file cannot be written, ``RunLockError`` on rank 0 where another run took the folder, what MPI and oneDNN report.
  package func run() throws -> TrainingOutcome {
    var isStopped = false
    var evaluation: EvaluationResult?
    do {
      try announce()
      tracer = try configuration.trace.map { try Tracer(path: $0, communicator: communicator) }
      try trainEpochs()
      evaluation = try close()
    } catch is StoppedOnRequest {
      try stop()
      isStopped = true
    } catch let error as RunError {
      try recordFailure(error)
      throw error
    }
    let reason: EndRecord.Reason =
      isStopped ? .asked : state.isStopped && state.epoch < configuration.epochs ? .early : .done
    reporter.finish()
    try record(.end(EndRecord(time: WallClock.now, step: state.step, reason: reason, seconds: state.seconds)))
    if !isStopped { try writeReport() }
    try writeTrace()
    return TrainingOutcome(
      runFolder: runFolder, epochs: state.epoch, steps: state.step, bestValidationLoss: state.recipe.best,
      stoppedEarly: reason == .early, stoppedOnRequest: isStopped,
      evaluation: evaluation)
  }

  /// "synthetic" where the pictures were drawn, else their folders.
  var dataName: String { "\(sources.origin)" }
  var isSynthetic: Bool { sources.origin == .synthetic }
  var isRoot: Bool { communicator.rank == 0 }

  /// Where the run begins. Another time budget, or other most epochs of a timed run, act from there on.
  private static func state(
    after start: RunStart, _ configuration: RunConfiguration, recipe: Recipe
  ) -> TrainingState {
    guard let checkpoint = start.checkpoint else { return TrainingState(recipe: recipe) }
    var state = checkpoint.state
    state.origin = start.origin ?? state.origin
    let before = checkpoint.configuration
    let isAnotherEnd = before.timeBudget != configuration.timeBudget || before.epochs != configuration.epochs
    if isAnotherEnd && state.recipe.lastEpoch != nil {
      state.recipe.measured(step: state.step, seconds: state.seconds, of: configuration)
    }
    return state
  }

  /// A resume on as many ranks keeps to messages where the run began with them: only then it adds in the same order. Fixed slices have
  /// an order of their own, which no grouping has.
  private static func grouping(after plan: RunPlan?, ranks: Int) -> NodeGrouping {
    guard let plan, plan.ranks == ranks, plan.fixedSlices == nil, plan.usesMessagesAlone else { return .sharedMemory }
    return .single
  }

  /// A resume on as many ranks deals as the run did, so that it equals never having stopped.
  private static func shares(after checkpoint: Checkpoint?, _ configuration: RunConfiguration, ranks: Int) -> [Int]? {
    guard let checkpoint, configuration.balance == .speed, checkpoint.configuration.balance == .speed,
      checkpoint.plan.ranks == ranks
    else { return nil }
    return checkpoint.plan.slices.map { $0[1] - $0[0] }
  }

  /// Throws where the heads are not the sources, or a rank's pictures are not those of rank 0. Collective.
  private static func checkData(
    _ sources: SourceData, _ configuration: RunConfiguration, communicator: Communicator
  ) throws {
    if let problem = configuration.network.problem(with: sources) {
      throw RunError.usage(option: "--sources", reason: problem)
    }
    let fingerprints = try communicator.gather(text: sources.fingerprint, root: 0)
    if let rank = fingerprints.firstIndex(where: { $0 != sources.fingerprint }) {
      throw RunError.ranksHoldDifferentData(rank: rank)
    }
  }

  /// The weights that a new run begins with: those of rank 0's file, or a pure function of the seed. Collective.
  private func initialize() throws {
    let own = start.map { start in
      start.initialWeights ?? NetworkWeights(initialised: configuration.network, seed: configuration.seed)
    }
    step.values.copy(try NetworkWeights(sharing: own, communicator: communicator).values.array())
    step.averages?.copy(step.values.array())
  }

  /// Weights and moments of rank 0's checkpoint to all ranks. Collective.
  private func restore() throws {
    if let checkpoint = start?.checkpoint {
      step.values.copy(try checkpoint.weights(best: false))
      let moments = try checkpoint.moments()
      step.firstMoments.copy(moments.first)
      step.secondMoments.copy(moments.second)
      if let averages = step.averages { averages.copy(try checkpoint.averages()) }
      if checkpoint.hasBestWeights { best?.copy(try checkpoint.weights(best: true)) }
    }
    for buffer in step.stateBuffers {
      try unsafe communicator.broadcast(buffer.elements, root: 0)
    }
  }
}
