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

  /// How a gradient moves the weights.
  var updateRule: UpdateRule { UpdateRule(method: optimizer, weightDecay: weightDecay, clipNorm: clipNorm) }

  /// The learning rate over the run, where the recipe follows one.
  var schedule: LearningRateSchedule {
    LearningRateSchedule(peak: learningRate, warmUp: warmUp, steps: epochs * stepsPerEpoch, coolDown: coolDown)
  }

  /// Steps that are taken before statistics are frozen; all there can be where they never are.
  var stepsBeforeFreeze: Int { frozenPart.map(schedule.stepsBefore(lastPart:)) ?? .max }
}
