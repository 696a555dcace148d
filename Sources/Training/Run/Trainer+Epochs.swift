import Dataset
import Distributed
import Model

extension Trainer {
  /// Trains until the last epoch or the recipe ends it. Collective. Throws ``StoppedOnRequest``.
  func trainEpochs() throws {
    while state.epoch < lastEpoch && !state.isStopped {
      try trainEpoch()
      try endEpoch()
    }
  }

  /// The last epoch as far as is known, counted from 1.
  var lastEpoch: Int { state.recipe.lastEpoch ?? configuration.epochs }

  /// The orderly end after a request: the checkpoint of the last step is on the disk before any rank leaves. Collective.
  func stop() throws {
    // The one at an epoch's end stands already where the closing evaluation was stopped, which may have changed the weights.
    if savedState?.step != state.step || savedState?.epoch != state.epoch { try saveCheckpoint() }
    try finishCheckpoints()
    finishRecords()
    try communicator.barrier()
    guard isRoot else { return }
    reportCheckpoints()
    let reason = reasonToStop().map { " (\($0))" } ?? ""
    reporter.line("asked to stop\(reason): step \(state.step) is saved, --resume auto goes on from it")
  }

  /// Shows that something else than training is done. Rank 0's; the others go on.
  func show(_ activity: RunProgress.Activity) {
    if let progress = progressMeter?.during(activity) { reporter.progress(progress) }
  }

  /// Throws ``StoppedOnRequest`` on every rank where one of them is asked to stop. Collective.
  func stopIfAsked() throws {
    var asks = [Int64(isAskedToStop() ? 1 : 0)]
    try communicator.allReduce(&asks, .max)
    if asks[0] > 0 { throw StoppedOnRequest() }
  }

  /// The epoch's remaining steps.
  private func trainEpoch() throws {
    let schedule = configuration.schedule
    var watch = Stopwatch()
    var meter = StepMeter()
    while state.stepInEpoch < configuration.stepsPerEpoch {
      state.recipe.stepBegins(state.step, schedule)
      chooseStatistics()
      let losses: TrainingStep.Losses, dataSeconds: Double
      do {
        (losses, dataSeconds) = try takeStep(learningRate: Double(state.recipe.learningRate))
      } catch let error as RunError {
        if case .nonFinite = error { try recordStepsBeforeFailure(&meter) }
        throw error
      }
      let seconds = watch.lap()
      state.epochSeconds += seconds
      state.seconds += seconds
      meter.add(losses, data: dataSeconds, communication: step.sumSeconds, seconds: seconds)
      if state.step.isMultiple(of: configuration.logEvery) || state.stepInEpoch == configuration.stepsPerEpoch {
        try recordSteps(&meter)
      }
      if configuration.timeBudget != nil && state.step == RunPace.firstMeasurement { try measurePace() }
      if let progress = progressMeter?.afterStep(state, losses: losses) { reporter.progress(progress) }
      if step.isAskedToStop {
        try recordSteps(&meter)
        throw StoppedOnRequest()
      }
      try writer?.poll(report: reporter.line)
      // The one at the epoch's end is written once its validation is done.
      if isCheckpointDue && state.stepInEpoch < configuration.stepsPerEpoch {
        // A resume keeps what was recorded up to here.
        try recordSteps(&meter)
        try saveCheckpoint()
        state.seconds += watch.lap()
      }
    }
  }

  /// What the next step normalises by. The same on every rank, which all know the step and the recipe.
  private func chooseStatistics() {
    let before = step.network.statistics
    step.network.statistics = state.recipe.statistics(step: state.step, of: configuration)
    if isRoot && step.network.statistics == .frozen && before != .frozen {
      reporter.line("step \(state.step): the statistics of the normalisation are frozen for the rest of the run")
    }
  }

  /// Fits the rest of the run into its time budget, by rank 0's clock. Collective.
  private func measurePace() throws {
    if isRoot { state.recipe.measured(step: state.step, seconds: state.seconds, of: configuration) }
    let text = try communicator.broadcast(text: isRoot ? JSONText.encode(state.recipe) : "", root: 0)
    state.recipe = try JSONText.decode(Recipe.self, from: text)
    progressMeter?.progress.epochs = lastEpoch
    guard isRoot, let budget = configuration.timeBudget else { return }
    let epochSeconds = state.seconds / Double(state.step) * Double(configuration.stepsPerEpoch)
    let advice =
      epochSeconds > Double(budget) ? "; one takes longer than the time budget, so give fewer --steps-per-epoch" : ""
    reporter.line(
      "time budget of \(clockTime(Double(budget))): \(lastEpoch) epochs of \(clockTime(epochSeconds)) at this speed\(advice)"
    )
  }

  /// The steps since the last record, on rank 0. `hasGradient`: the gradient is still that of the last one. Collective.
  private func recordSteps(_ meter: inout StepMeter, hasGradient: Bool = true) throws {
    let record = try meter.takeRecord(
      state: state, pairs: step.slice.count, globalBatch: configuration.globalBatch,
      epochs: configuration.timeBudget == nil ? nil : lastEpoch,
      gradientNorm: isRoot && hasGradient ? step.gradientNorm() : .nan, communicator: communicator)
    if let record { try self.record(.steps(record)) }
  }

  /// The steps before one that failed, which show how it came; its own gradient is not theirs. What cannot be written is reported:
  /// the failure is what matters. Collective.
  private func recordStepsBeforeFailure(_ meter: inout StepMeter) throws {
    do {
      try recordSteps(&meter, hasGradient: false)
    } catch let error as FileError {
      reporter.line("\(error); the last steps are not recorded")
    }
  }

  /// Losses of the step, and seconds of making its pairs.
  private func takeStep(learningRate: Double) throws -> (losses: TrainingStep.Losses, dataSeconds: Double) {
    ProgressBoard.own.enter(.makingPairs)
    let watch = Stopwatch()
    step.fill(step: state.step, from: generator)
    let dataSeconds = watch.seconds
    step.asksToStop = isAskedToStop()
    let losses: TrainingStep.Losses
    do {
      losses = try step.computeGradients()
    } catch RunError.nonFinite(let quantity, _) {
      throw RunError.nonFinite(quantity, step: state.step + 1)
    }
    state.step += 1
    state.stepInEpoch += 1
    try step.update(step: state.step, learningRate: learningRate)
    if state.step.isMultiple(of: WeightAgreement.interval) { try agreement.check(step.values, step: state.step) }
    ProgressBoard.own.stepEnded(state.step)
    state.lossSums.first += losses.first
    state.lossSums.second += losses.second
    return (losses, dataSeconds)
  }

  /// Whether a checkpoint is asked for after `state.step`, by the count of steps.
  private var isCheckpointDue: Bool {
    configuration.checkpointEvery.map { state.step.isMultiple(of: $0) } ?? false
  }

  /// Validation, the recipe's verdict, metrics and the checkpoint after an epoch's last step.
  private func endEpoch() throws {
    var watch = Stopwatch()
    var batches = 0
    // What is judged is what is kept.
    try step.withAverages {
      let validation = try validator.run(on: state.recipe.validationPairs(epoch: state.epoch)) {
        try stopIfAsked()
        batches += 1
        show(.validating(done: batches, of: configuration.validationSteps))
      }
      guard validation.sum.isFinite else {
        throw RunError.nonFinite(.validationLoss(epoch: state.epoch + 1), step: state.step)
      }
      if isRoot {
        state.seconds += watch.lap()
        try recordEpoch(validation)
      }
    }
    // Rank 0's state is everybody's: learning rate, stop and the clock are its decisions.
    let text = try communicator.broadcast(text: isRoot ? JSONText.encode(state) : "", root: 0)
    state = try JSONText.decode(TrainingState.self, from: text)
    let isLast = state.isStopped || state.epoch >= lastEpoch
    if configuration.checkpointEvery == nil || isCheckpointDue || isLast { try saveCheckpoint() }
    // A slow disk uses up a time budget too.
    state.seconds += watch.lap()
  }

  /// Rank 0's part of an epoch's end.
  private func recordEpoch(_ validation: TrainingStep.Losses) throws {
    try checkFolder()
    let learningRate = state.recipe.learningRate
    let verdict = state.recipe.epochEnded(state.epoch, validationLoss: validation.sum)
    if verdict.keepsWeights { best?.copy(step.values.array()) }
    let steps = Double(configuration.stepsPerEpoch)
    let losses = TrainingStep.Losses(first: state.lossSums.first / steps, second: state.lossSums.second / steps)
    state.epoch += 1
    if configuration.timeBudget != nil {
      let before = lastEpoch
      state.recipe.measured(step: state.step, seconds: state.seconds, of: configuration)
      if lastEpoch != before { reporter.line("time budget: \(lastEpoch) epochs at this speed, no longer \(before)") }
    }
    let row = EpochRecord(
      epoch: state.epoch, step: state.step, learningRate: learningRate, losses: losses, validation: validation,
      imagesPerSecond: steps * Double(configuration.globalBatch) / state.epochSeconds, seconds: state.seconds,
      time: WallClock.now, isBest: verdict.keepsWeights, nextLearningRate: state.recipe.learningRate,
      epochs: lastEpoch)
    try record(.epoch(row))
    try recordPictures()
    report(row, verdict)
    state.stepInEpoch = 0
    state.lossSums = .init(first: 0, second: 0)
    state.epochSeconds = 0
    state.isStopped = verdict.stops
  }

  private func report(_ row: EpochRecord, _ verdict: EpochVerdict) {
    var text =
      "epoch \(row.epoch)/\(lastEpoch)  step \(row.step)  loss \(significant(row.losses.sum))  "
      + "val_loss \(significant(row.validation.sum))\(verdict.keepsWeights ? " (best)" : "")  "
      + "learning rate \(row.learningRate)  \(decimal(row.imagesPerSecond, places: 0)) images/s  "
      + clockTime(row.seconds)
    if isSynthetic { text += "  [synthetic]" }
    reporter.line(text)
    if verdict.lowersLearningRate {
      reporter.line("plateau: the learning rate is \(state.recipe.learningRate) from here on")
    }
    if verdict.stops {
      let bestEpoch = state.recipe.bestEpoch.map { "\($0 + 1)" } ?? "-"
      reporter.line("stopping early: the best validation loss was epoch \(bestEpoch)'s")
    }
  }
}
