import Model

extension RunConfiguration {
  /// Throws ``RunError/usage(option:reason:)`` for the first value that cannot be.
  package func check() throws(RunError) {
    try checkNetwork()
    try checkRecipe()
    // What the learning rate and the schedule follow from.
    try checkLengths()
    try checkSchedule()
    try checkUpdate()
    try checkRanks()
    try checkFiles()
  }

  /// Throws ``RunError/usage(option:reason:)`` where `ranks` ranks cannot do the run.
  func check(ranks: Int) throws(RunError) {
    if let problem = Slicing.problem(fixed: slices, ranks: ranks) {
      throw .usage(option: "--slices", reason: problem)
    }
  }

  private func checkNetwork() throws(RunError) {
    try within(1...UNetConfiguration.maximumBaseChannels, network.baseChannels, "--base-channels")
    // Five halvings bring 32 rows to one.
    try within(1...6, network.blocks, "--blocks")
    try within(
      1...UNetConfiguration.maximumConvolutionsPerBlock, network.convolutionsPerBlock, "--convolutions-per-block")
    if let problem = network.headsProblem ?? network.sizeProblem {
      throw .usage(option: "--sources", reason: problem)
    }
  }

  private func checkRecipe() throws(RunError) {
    if Recipe(named: recipe, learningRate: 1e-3) == nil {
      let names = Recipe.names.joined(separator: ", ")
      throw .usage(option: "--recipe", reason: "there is no recipe \(recipe); there is \(names)")
    }
    guard recipe == "notebook" else { return }
    let others = [
      (warmUp > 0, "--warm-up", "begins with its highest rate"),
      (coolDown != nil, "--cool-down", "lowers its rate by itself"),
      (frozenPart != nil, "--freeze-statistics", "normalises by the batch"),
      (timeBudget != nil, "--time-budget", "has no schedule to fit in"),
    ]
    for (isGiven, option, what) in others where isGiven {
      throw .usage(option: option, reason: "the notebook's recipe \(what); --recipe fast")
    }
  }

  private func checkSchedule() throws(RunError) {
    guard learningRate > 0, learningRate.isFinite, Float(learningRate) > 0, Float(learningRate).isFinite else {
      throw .usage(option: "--learning-rate", reason: "\(learningRate) is not a positive number")
    }
    try within(0..., warmUp, "--warm-up")
    guard warmUp < epochs * stepsPerEpoch else {
      throw .usage(
        option: "--warm-up", reason: "\(warmUp) steps are not fewer than the run's \(epochs * stepsPerEpoch)")
    }
    for (part, option) in [(coolDown, "--cool-down"), (frozenPart, "--freeze-statistics")] {
      if let part, !(part > 0 && part <= 1) {
        throw .usage(option: option, reason: "\(part) is not more than 0 and at most 1")
      }
    }
    if let timeBudget { try within(1..., timeBudget, "--time-budget") }
  }

  private func checkUpdate() throws(RunError) {
    guard weightDecay >= 0, weightDecay.isFinite, weightDecay * learningRate < 1 else {
      throw .usage(
        option: "--weight-decay",
        reason: "\(weightDecay) is not at least 0 and less than 1 divided by the learning rate")
    }
    if let clipNorm, !(clipNorm > 0 && clipNorm.isFinite) {
      throw .usage(option: "--clip-norm", reason: "\(clipNorm) is not a positive number")
    }
    guard (0..<1).contains(averageDecay) else {
      throw .usage(option: "--average-decay", reason: "\(averageDecay) is not at least 0 and less than 1")
    }
  }

  private func checkLengths() throws(RunError) {
    try within(1..., epochs, "--epochs")
    try within(1..., stepsPerEpoch, "--steps-per-epoch")
    try within(1...(1 << 20), globalBatch, "--global-batch")
    try within(1..., validationSteps, "--validation-steps")
    // Steps are numbered in 32 bits by the generator of the pairs.
    for (steps, option) in [(stepsPerEpoch, "--steps-per-epoch"), (validationSteps, "--validation-steps")] {
      let (all, overflow) = steps.multipliedReportingOverflow(by: epochs)
      if overflow || all > Int(UInt32.max) {
        throw .usage(option: option, reason: "\(steps) in each of \(epochs) epochs is more than \(UInt32.max) in all")
      }
    }
    // So are the pairs of a validation, and the evaluation's rounds and their pairs.
    try within(1...Int(UInt32.max) / globalBatch, validationSteps, "--validation-steps")
    try within(0...Int(UInt32.max), evaluationRounds, "--rounds")
    try within(1...Int(UInt32.max) / max(evaluationRounds, 1), evaluationPairs, "--pairs")
  }

  private func checkRanks() throws(RunError) {
    try within(1...4096, threads, "--threads")
    try within(256...(1 << 30), bucketBytes, "--bucket-bytes")
    guard let slices else { return }
    // The number of ranks is unknown here; one rank computes any number.
    if let problem = Slicing.problem(fixed: slices, ranks: 1) { throw .usage(option: "--slices", reason: problem) }
    try within(...1024, slices, "--slices")
    if wire != .f32 {
      throw .usage(option: "--slices", reason: "--wire \(wire.rawValue) rounds by the number of ranks; it needs f32")
    }
    if balance != .even {
      throw .usage(option: "--slices", reason: "--balance \(balance.rawValue) deals by rank; fixed slices need even")
    }
  }

  private func checkFiles() throws(RunError) {
    if let checkpointEvery { try within(1..., checkpointEvery, "--checkpoint-every") }
    try within(1..., keep, "--keep")
    try within(1..., logEvery, "--log-every")
    if initialWeights?.isEmpty == true {
      throw .usage(option: "--initial-weights", reason: "empty; the path of a weight file or a checkpoint")
    }
    if trace?.isEmpty == true { throw .usage(option: "--trace", reason: "empty; the path of a file") }
    if resume.isEmpty { throw .usage(option: "--resume", reason: "empty; auto, never or a checkpoint's path") }
  }

  /// Throws where `value` of `option` is not in `range`.
  private func within(_ range: some RangeExpression<Int>, _ value: Int, _ option: String) throws(RunError) {
    guard !range.contains(value) else { return }
    throw .usage(option: option, reason: "\(value) is \(bound(of: range, passedBy: value))")
  }

  /// As in "less than 1": the end of `range` beyond which `value` lies.
  private func bound(of range: some RangeExpression<Int>, passedBy value: Int) -> String {
    let range = range.relative(to: Int.min..<Int.max)
    return value < range.lowerBound ? "less than \(range.lowerBound)" : "more than \(range.upperBound - 1)"
  }
}
