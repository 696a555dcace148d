package import Model

/// Everything that was decided for a run; written as config.yaml. Rank 0 decides, the others receive it.
package struct RunConfiguration: Sendable, Codable, Equatable {
  package var network = UNetConfiguration()
  /// Decided, never "auto".
  package var precision: Precision = .f32
  /// Name of a ``Recipe``.
  package var recipe = "notebook"
  /// A weight file or checkpoint whose weights a new run begins with; nil for weights drawn from the seed.
  package var initialWeights: String?
  /// The learning rate of the first step (notebook), or the highest one (fast).
  package var learningRate = 1e-3
  /// Steps until the highest learning rate is reached; 0 with the notebook's recipe.
  package var warmUp = 0
  /// See ``LearningRateSchedule/coolDown``; nil with the notebook's recipe.
  package var coolDown: Double?
  /// The last part of the steps after the warm-up, above 0 and at most 1, in which ``NormalisationStatistics/frozen`` statistics
  /// normalise; nil for none, and with the notebook's recipe.
  package var frozenPart: Double?
  /// What a step lessens.
  package var loss = TrainingLoss.mse
  /// Where the gradient's step goes.
  package var optimizer = UpdateRule.Method.adam
  /// See ``UpdateRule/weightDecay``.
  package var weightDecay = 0.0
  /// See ``UpdateRule/clipNorm``.
  package var clipNorm: Double?
  /// Decay of the average of the weights that validation judges and that is kept; 0 for the weights as they are.
  package var averageDecay = 0.0
  /// Most epochs; the recipe may stop earlier.
  package var epochs = 150
  /// Wall seconds that training should take, to the nearest epoch, over all parts of a run; nil for all `epochs`. Nil with the
  /// notebook's recipe.
  package var timeBudget: Int?
  package var stepsPerEpoch = 1687
  /// Pairs of one step, over all ranks.
  package var globalBatch = 32
  /// Batches of `globalBatch` pairs after every epoch.
  package var validationSteps = 187
  package var seed: UInt64 = 20_250_215
  /// Threads of each rank.
  package var threads = 1
  /// The data as asked for: a folder, "synthetic" or nothing.
  package var data: String?
  /// The two sources as asked for, NAME=PATH,NAME=PATH.
  package var sources: String?
  /// The run folder; empty for runs/DATE-TIME.
  package var output = ""
  /// auto, never, or a checkpoint's path.
  package var resume = "auto"
  /// Steps between checkpoints; nil for one at the end of every epoch.
  package var checkpointEvery: Int?
  /// Steps between two records of metrics.jsonl.
  package var logEvery = StepMeter.usualInterval
  /// The file that gets a trace of the run's end; nil for none. See ``TraceFile``.
  package var trace: String?
  /// Checkpoints that stay, the newest.
  package var keep = 3
  /// Rounds of the closing evaluation, 0 for none.
  package var evaluationRounds = 10
  /// Test pairs of each round.
  package var evaluationPairs = 5000
  /// Bytes of one gradient message of f32. A resumed run keeps its own: another size would add the ranks' gradients in
  /// another order.
  package var bucketBytes = 1 << 20
  /// How gradients travel between ranks.
  package var wire = GradientWire.f32
  /// A fixed number of slices of the global batch; nil for one on each rank. See ``Slicing``.
  package var slices: Int?
  /// How many pairs each rank gets.
  package var balance = BatchBalance.even

  package init() {}

  /// Throws ``RunError/usage(option:reason:)`` for the first value that cannot be.
  package func check() throws(RunError) {
    func atLeast(_ least: Int, _ value: Int, _ option: String) throws(RunError) {
      if value < least { throw .usage(option: option, reason: "\(value) is less than \(least)") }
    }
    func atMost(_ most: Int, _ value: Int, _ option: String) throws(RunError) {
      if value > most { throw .usage(option: option, reason: "\(value) is more than \(most)") }
    }
    try atLeast(1, network.baseChannels, "--base-channels")
    try atMost(1024, network.baseChannels, "--base-channels")
    try atLeast(1, network.blocks, "--blocks")
    // Five halvings bring 32 rows to one.
    try atMost(6, network.blocks, "--blocks")
    try atLeast(1, network.convolutionsPerBlock, "--convolutions-per-block")
    try atMost(64, network.convolutionsPerBlock, "--convolutions-per-block")
    try checkHeads()
    if let problem = network.sizeProblem { throw .usage(option: "--sources", reason: problem) }
    if Recipe(named: recipe, learningRate: 1e-3) == nil {
      let names = Recipe.names.joined(separator: ", ")
      throw .usage(option: "--recipe", reason: "there is no recipe \(recipe); there is \(names)")
    }
    guard learningRate > 0, learningRate.isFinite, Float(learningRate) > 0, Float(learningRate).isFinite else {
      throw .usage(option: "--learning-rate", reason: "\(learningRate) is not a positive number")
    }
    try atLeast(0, warmUp, "--warm-up")
    if warmUp > 0 && recipe == "notebook" {
      throw .usage(option: "--warm-up", reason: "the notebook's recipe begins with its highest rate; --recipe fast")
    }
    if let coolDown, !(coolDown > 0 && coolDown <= 1) {
      throw .usage(option: "--cool-down", reason: "\(coolDown) is not more than 0 and at most 1")
    }
    if coolDown != nil && recipe == "notebook" {
      throw .usage(option: "--cool-down", reason: "the notebook's recipe lowers its rate by itself; --recipe fast")
    }
    if let frozenPart, !(frozenPart > 0 && frozenPart <= 1) {
      throw .usage(option: "--freeze-statistics", reason: "\(frozenPart) is not more than 0 and at most 1")
    }
    if frozenPart != nil && recipe == "notebook" {
      throw .usage(
        option: "--freeze-statistics", reason: "the notebook's recipe normalises by the batch's; --recipe fast")
    }
    if let timeBudget {
      try atLeast(1, timeBudget, "--time-budget")
      if recipe == "notebook" {
        throw .usage(option: "--time-budget", reason: "the notebook's recipe has no schedule to fit in; --recipe fast")
      }
    }
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
    try atLeast(1, epochs, "--epochs")
    try atLeast(1, stepsPerEpoch, "--steps-per-epoch")
    try atLeast(1, globalBatch, "--global-batch")
    try atMost(1 << 20, globalBatch, "--global-batch")
    try atLeast(1, validationSteps, "--validation-steps")
    // Steps are numbered in 32 bits by the generator of the pairs.
    for (steps, option) in [(stepsPerEpoch, "--steps-per-epoch"), (validationSteps, "--validation-steps")] {
      let (all, overflow) = steps.multipliedReportingOverflow(by: epochs)
      if overflow || all > Int(UInt32.max) {
        throw .usage(option: option, reason: "\(steps) in each of \(epochs) epochs is more than \(UInt32.max) in all")
      }
    }
    try atLeast(1, threads, "--threads")
    try atMost(4096, threads, "--threads")
    if let checkpointEvery { try atLeast(1, checkpointEvery, "--checkpoint-every") }
    try atLeast(1, keep, "--keep")
    try atLeast(1, logEvery, "--log-every")
    try atLeast(0, evaluationRounds, "--rounds")
    try atLeast(1, evaluationPairs, "--pairs")
    try atLeast(256, bucketBytes, "--bucket-bytes")
    try atMost(1 << 30, bucketBytes, "--bucket-bytes")
    if let slices {
      // The number of ranks is unknown here; one rank computes any number.
      if let problem = Slicing.problem(fixed: slices, ranks: 1) { throw .usage(option: "--slices", reason: problem) }
      try atMost(1024, slices, "--slices")
      if wire != .f32 {
        throw .usage(option: "--slices", reason: "--wire \(wire.rawValue) rounds by the number of ranks; it needs f32")
      }
      if balance != .even {
        throw .usage(option: "--slices", reason: "--balance \(balance.rawValue) deals by rank; fixed slices need even")
      }
    }
    if initialWeights?.isEmpty == true {
      throw .usage(option: "--initial-weights", reason: "empty; the path of a weight file or a checkpoint")
    }
    if trace?.isEmpty == true { throw .usage(option: "--trace", reason: "empty; the path of a file") }
    if resume.isEmpty { throw .usage(option: "--resume", reason: "empty; auto, never or a checkpoint's path") }
  }

  /// How a gradient moves the weights.
  var updateRule: UpdateRule { UpdateRule(method: optimizer, weightDecay: weightDecay, clipNorm: clipNorm) }

  /// The learning rate over the run, where the recipe follows one.
  var schedule: LearningRateSchedule {
    LearningRateSchedule(peak: learningRate, warmUp: warmUp, steps: epochs * stepsPerEpoch, coolDown: coolDown)
  }

  /// Steps that are taken before statistics are frozen; all there can be where they never are.
  var stepsBeforeFreeze: Int { frozenPart.map(schedule.stepsBefore(lastPart:)) ?? .max }

  /// Throws ``RunError/usage(option:reason:)`` where `ranks` ranks cannot do the run.
  func check(ranks: Int) throws(RunError) {
    if let problem = Slicing.problem(fixed: slices, ranks: ranks) {
      throw .usage(option: "--slices", reason: problem)
    }
  }

  private func checkHeads() throws(RunError) {
    guard network.heads.count == 2, network.heads[0] != network.heads[1] else {
      throw .usage(option: "--sources", reason: "two sources with different names are mixed, not \(network.heads)")
    }
    for head in network.heads where head.isEmpty || head.contains(where: { ",./\"\\".contains($0) || $0.isNewline }) {
      throw .usage(option: "--sources", reason: "\"\(head)\" is no name for tensors, files and columns")
    }
  }
}
