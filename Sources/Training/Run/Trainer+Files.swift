import Dataset
import Distributed
import Model

extension Trainer {
  /// The first lines, config.yaml and the metrics file. Rank 0's alone.
  func announce() throws {
    guard let start else { return }
    try reporter.attach(runFolder: runFolder)
    let hosts = topology.places.reduce(into: [(name: String, ranks: Int)]()) { hosts, place in
      if let index = hosts.firstIndex(where: { $0.name == place.host }) {
        hosts[index].ranks += 1
      } else {
        hosts.append((place.host, 1))
      }
    }
    reporter.line(
      isSynthetic
        ? "data: synthetic, drawn by this program from the seed; not MNIST, not Fashion-MNIST" : "data: \(dataName)")
    reporter.line(
      "precision: \(configuration.precision.rawValue)  instruction set: \(plan.instructionSet)  "
        + "threads per rank: \(configuration.threads)")
    reporter.line(
      "ranks: \(communicator.size)  hosts: "
        + hosts.map { $0.ranks > 1 ? "\($0.name) (\($0.ranks) ranks)" : $0.name }.joined(separator: ", ")
        + "  sums of gradients: \(plan.reduction)")
    if let refusal = step.sharingRefusal { reporter.line("sums of gradients go by messages: \(refusal)") }
    reporter.line(
      "network: \(step.layout.count) parameters  global batch: \(configuration.globalBatch)  "
        + "recipe: \(configuration.recipe)  seed: \(configuration.seed)")
    if configuration.balance == .speed {
      let shares = step.slicing.slices.map { "\($0.count)" }.joined(separator: ", ")
      reporter.line("pairs of each rank, by speed: \(shares)")
    }
    reporter.line("run folder: \(runFolder)")
    for note in start.notes { reporter.line(note) }
    reporter.line("resume point: \(start.resumePoint)")
    reportDifferences(start)

    let surroundings = RunConfiguration.Surroundings(
      plan: plan, hosts: hosts.map(\.name), dataName: dataName, dataFingerprint: sources.fingerprint,
      resumePoint: start.resumePoint)
    try persist(Array(try configuration.yaml(surroundings).utf8), to: start.folder.configuration)
    recorders = [
      try MetricsFile(
        start.folder.metrics, epochs: state.epoch, heads: configuration.network.heads, isSynthetic: isSynthetic),
      try EventLog(start.folder.events, step: state.step, epoch: state.epoch),
      try TensorBoardRecorder(
        start.folder.tensorBoard, heads: configuration.network.heads, step: state.step,
        host: topology.places[communicator.rank].host),
    ]
    progressMeter = ProgressMeter(configuration, state: state, isSynthetic: isSynthetic)
    try record(.start(startRecord(hosts: topology.places.map(\.host))))
  }

  private func startRecord(hosts: [String]) -> StartRecord {
    StartRecord(
      time: WallClock.now, step: state.step, epoch: state.epoch, epochs: lastEpoch,
      stepsPerEpoch: configuration.stepsPerEpoch, validationSteps: configuration.validationSteps,
      globalBatch: configuration.globalBatch, parameters: step.layout.count, heads: configuration.network.heads,
      data: dataName, precision: configuration.precision.rawValue, recipe: configuration.recipe, hosts: hosts,
      threads: configuration.threads)
  }

  /// Has every recorder take note of `event`; nothing on ranks that have none.
  ///
  /// Throws ``FileError`` where a file cannot be written and waiting will not help. Else a recorder that fails says so once and
  /// catches up later.
  func record(_ event: RunEvent) throws {
    progressMeter?.take(event)
    if case .steps(let record) = event { stragglers.add(record) }
    try tellRecorders { recorder throws(FileError) in try recorder.record(event) }
  }

  /// Has every recorder keep how the first pairs of the validation are separated. Throws like ``record(_:)``. Rank 0's.
  func recordPictures() throws {
    let pairs = try validator.separateFirst(Self.recordedPairs)
    // A rank that has no pairs of a batch has no network to separate them.
    guard !pairs.isEmpty else { return }
    try tellRecorders { recorder throws(FileError) in try recorder.record(pairs, step: state.step) }
  }

  private func tellRecorders(_ tell: (any RunRecorder) throws(FileError) -> Void) throws {
    for (place, recorder) in recorders.enumerated() {
      do {
        try tell(recorder)
        waitingRecorders.remove(place)
      } catch {
        guard error.isTransient else { throw error }
        if waitingRecorders.insert(place).inserted {
          reporter.line("\(error); what could not be written is added as soon as it can be")
        }
      }
    }
  }

  private func reportDifferences(_ start: RunStart) {
    guard let old = start.planBefore else { return }
    let differences = plan.differences(from: old)
    guard !differences.isEmpty else { return }
    reporter.line(
      "from here the run equals the old one to rounding only: " + differences.joined(separator: ", "))
  }

  /// Has the checkpoint of `state.step` written while training goes on. What is written is rank 0's, so all ranks must hold the same: a
  /// difference that only showed later would be what the run goes on from. Collective.
  func saveCheckpoint() throws {
    ProgressBoard.own.enter(.checkpoint)
    for buffer in step.stateBuffers { try agreement.check(buffer, step: state.step) }
    savedState = state
    // A resume from here takes it that all before is recorded. Not waited for on the disk: a slow one must not hold up the ranks.
    try tellRecorders { recorder throws(FileError) in try recorder.flush() }
    try writer?.save(description, buffers, report: reporter.line)
  }

  /// Waits until the last checkpoint is on the disk. Rank 0's; the others go on.
  func finishCheckpoints() throws { try writer?.finish(report: reporter.line) }

  /// Has every recorder write what it could not, in several attempts; what even these cannot write is named. Rank 0's.
  func finishRecords() {
    for recorder in recorders {
      do {
        try Retry.run(report: reporter.line) { try recorder.flush() }
      } catch {
        reporter.line("\(error); the last lines are missing there")
      }
    }
  }

  /// Says which ranks the others waited for, and what the checkpoints have cost. Rank 0's.
  func reportCheckpoints() {
    for line in stragglers.lines { reporter.line(line) }
    guard let totals = writer?.totals else { return }
    reporter.line(
      "checkpoints: \(totals.written) written, \(decimal(totals.trainingSeconds, places: 2)) s on the training thread, "
        + "\(decimal(totals.writerSeconds, places: 2)) s of the writer's")
  }

  /// Writes the run as it stands to `path`, on the disk when this returns. Rank 0's alone.
  func writeCheckpoint(to path: String) throws {
    try Checkpoint.write(to: path, description, layout: step.layout, buffers)
  }

  private var buffers: RunBuffers {
    .init(
      current: step.values, best: state.recipe.bestEpoch == nil ? nil : best, averages: step.averages,
      firstMoments: step.firstMoments, secondMoments: step.secondMoments)
  }

  private var description: Checkpoint.Description {
    .init(
      configuration: configuration, state: state, plan: plan, dataName: dataName, dataFingerprint: sources.fingerprint)
  }

  /// The best weights come back; best.safetensors, evaluation.json, samples.png, samples.safetensors. Collective.
  func close() throws -> EvaluationResult? {
    // The weights of the last step are gone from here on.
    if savedState == nil { try saveCheckpoint() }
    try finishCheckpoints()
    for recorder in recorders { try Retry.run(report: reporter.line) { try recorder.flush() } }
    if let best { step.values.copy(best.array()) }
    try unsafe communicator.broadcast(step.values.elements, root: 0)
    try step.network.packWeights()
    if let folder = start?.folder {
      let file = SafeTensorsFile(
        weights: step.values, layout: step.layout,
        metadata: [
          "data": dataName, "epoch": state.recipe.bestEpoch.map { "\($0 + 1)" } ?? "",
          "val_loss": "\(state.recipe.best)", "precision": configuration.precision.rawValue,
          "seed": "\(configuration.seed)",
        ])
      try persist(try file.serialized(), to: folder.bestWeights)
    }
    let result = try evaluate()
    reportCheckpoints()
    return result
  }

  /// report.html, from the files of the run. Rank 0's; the others go on.
  func writeReport() throws {
    guard let folder = start?.folder else { return }
    do {
      try persist(Array(try ReportPage([RunReport(contentsOf: folder.path)]).html().utf8), to: folder.report)
    } catch let error as RunLockError {
      throw error
    } catch {
      // Weights and numbers are on the disk: a page about them is no reason to call the run failed.
      reporter.line("\(error); report.html is not written, launcher report \(folder.path) makes it")
    }
  }

  /// The trace, where one was asked for. Collective.
  func writeTrace() throws {
    guard let tracer, let file = try tracer.finish(hosts: topology.places.map(\.host)) else { return }
    reporter.line(tracer.write(file))
  }

  /// Puts `bytes` at `path` as one change, in several attempts where the disk refuses. Rank 0's alone.
  private func persist(_ bytes: [UInt8], to path: String) throws {
    try checkFolder()
    try Retry.run(report: reporter.line) { try FileSystem.writeAtomically(bytes, to: path) }
  }

  /// Throws ``RunLockError`` where the run folder is another run's by now. Where the disk does not say, the next checkpoint asks
  /// again. Rank 0's alone.
  func checkFolder() throws {
    do {
      try start?.lock.check()
    } catch let error as FileError where error.isTransient {
      reporter.line("\(error); the next checkpoint asks again")
    }
  }

  private func evaluate() throws -> EvaluationResult? {
    let evaluator = try Evaluator(
      network: configuration.network, values: step.values, precision: configuration.precision, sources: sources,
      communicator: communicator)
    let folder = start?.folder
    let test = MixingGenerator(
      sources: sources, stream: .test, seed: configuration.seed, imageSize: configuration.network.imageSize)
    func separated(_ numbers: [Int]) throws -> [SeparatedPair] {
      try SeparatedPair.separate(numbers, round: 0, predictor: evaluator.predictor, generator: test)
    }
    var samples = SampleSet(heads: configuration.network.heads, data: dataName, step: state.step, first: [])
    if let folder {
      samples.first = try separated(Array(0..<SampleSet.firstCount))
      try persist(try PictureGrid(rows: samples.first.map(\.row)).picture.pngBytes(), to: folder.samples)
      try persist(try samples.file.serialized(), to: folder.sampleSet)
    }
    guard configuration.evaluationRounds > 0 else { return nil }
    let batches = configuration.evaluationRounds * evaluator.batchesOfRound(pairs: configuration.evaluationPairs)
    var done = 0
    var firstRound: [Double] = []
    let result = try evaluator.evaluate(
      rounds: configuration.evaluationRounds, pairs: configuration.evaluationPairs, seed: configuration.seed,
      split: .test,
      afterEachBatch: { _ in
        try stopIfAsked()
        done += 1
        show(.evaluating(done: done, of: batches))
      },
      afterEachRound: { round, errors in if round == 0 { firstRound = errors } })
    if let folder {
      let extremes = SampleSet.extremes(of: firstRound, count: SampleSet.extremeCount)
      (samples.worst, samples.best) = (try separated(extremes.worst), try separated(extremes.best))
      try persist(try samples.file.serialized(), to: folder.sampleSet)
      try persist(Array((result.json(isPretty: true) + "\n").utf8), to: folder.evaluation)
      reporter.line(result.summary)
      try record(.evaluation(EvaluationRecord(time: WallClock.now, step: state.step, result: result)))
    }
    return result
  }
}
