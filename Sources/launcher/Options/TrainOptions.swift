import ArgumentParser
import Model
import Training

/// What decides the samples, their order and the learning rate of a run.
struct RecipeOptions: ParsableArguments {
  @Option(
    help:
      "Training method: fast, for a low error after few samples, or notebook, as published."
  )
  var recipe = "fast"

  @Option(
    help: ArgumentHelp(
      "Weights that a new run begins with: a weight file, or a checkpoint's best. Default: drawn from the seed.",
      valueName: "file"))
  var initialWeights: String?

  @Option(
    parsing: .unconditional,
    help:
      "Learning rate: of the first step (notebook), or the highest (fast). Default: 0.008, with adam 0.003, with notebook 0.001."
  )
  var learningRate: Double?

  @Option(
    help:
      "How the learning rate grows with a global batch above \(BatchScaling.referenceBatch), and shrinks below: none, sqrt or linear."
  )
  var scaleLearningRate = BatchScaling.none

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Steps until the highest learning rate is reached. Default: 200, but no more than an epoch or half the run has, nor with --time-budget than half an epoch has; with notebook 0.",
      valueName: "steps"))
  var warmUp: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Last part of the run, 0 to 1, in which the learning rate falls evenly to 0; it is constant before. With 0 it falls along half a cosine from the warm-up on. Default: 0.4. With --recipe fast.",
      valueName: "part"))
  var coolDown: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Last part of the run, 0 to 1, in which batch normalisation uses its moving statistics, frozen, in training too. Default: \(RunConfiguration.usualFrozenPart), or 0 where the global batch is above \(RunConfiguration.mostFrozenBatch). With --recipe fast.",
      valueName: "part"))
  var freezeStatistics: Double?

  @Option(
    help:
      "What training minimises: mse, or rmse, the root of each picture's mean squared error. Default: rmse, with notebook mse."
  )
  var loss: TrainingLoss?

  @Option(
    help:
      "How the gradient moves the weights: adam, or muon, which moves a kernel equally far in every direction. Default: muon, with notebook adam."
  )
  var optimizer: UpdateRule.Method?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Decay of the kernels: each step multiplies them by 1 - learning rate x this.",
      valueName: "part"))
  var weightDecay = RunConfiguration().weightDecay

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Greatest length of the gradient; a longer one is shortened to it. Default: no limit.", valueName: "length")
  )
  var clipNorm: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Decay of the moving average of the weights that is validated and kept; 0 for the weights themselves. Default: \(RunConfiguration.usualAverageDecay) to the power of global batch / \(BatchScaling.referenceBatch), with notebook 0.",
      valueName: "decay"))
  var averageDecay: Double?

  @Option(
    parsing: .unconditional,
    help:
      "Epochs; with notebook the most, as it may stop earlier. Default: \(RunConfiguration.usualEpochs), or as many as --time-budget takes; with notebook \(RunConfiguration().epochs)."
  )
  var epochs: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Time that training should take, to the nearest epoch; the learning rate's schedule is fitted to it. With --recipe fast.",
      valueName: "duration"))
  var timeBudget: DurationArgument?

  @Option(parsing: .unconditional, help: "Steps of an epoch.")
  var stepsPerEpoch = RunConfiguration().stepsPerEpoch

  @OptionGroup var batch: GlobalBatchOption

  @Option(parsing: .unconditional, help: "Batches of the validation after each epoch.")
  var validationSteps = RunConfiguration().validationSteps

  @OptionGroup var seed: SeedOption

  /// ``epochs``, or the recipe's own.
  var epochCount: Int { usual.epochs }

  /// The recipe's own values where nothing is said.
  private var usual: RunConfiguration {
    RunConfiguration(
      recipe: recipe, optimizer: optimizer, epochs: epochs, timeBudget: timeBudget?.seconds,
      stepsPerEpoch: stepsPerEpoch, globalBatch: batch.globalBatch)
  }

  func apply(to run: inout RunConfiguration) {
    let usual = usual
    (run.recipe, run.epochs, run.stepsPerEpoch) = (usual.recipe, usual.epochs, usual.stepsPerEpoch)
    (run.timeBudget, run.initialWeights, run.optimizer) = (usual.timeBudget, initialWeights, usual.optimizer)
    run.warmUp = warmUp ?? usual.warmUp
    run.coolDown = Self.part(coolDown, usual.coolDown)
    run.frozenPart = Self.part(freezeStatistics, usual.frozenPart)
    run.averageDecay = averageDecay ?? usual.averageDecay
    run.learningRate =
      (learningRate ?? usual.learningRate) * scaleLearningRate.factor(globalBatch: batch.globalBatch)
    (run.weightDecay, run.clipNorm, run.loss) = (weightDecay, clipNorm, loss ?? usual.loss)
    (run.globalBatch, run.validationSteps, run.seed) = (batch.globalBatch, validationSteps, seed.seed)
  }

  /// A part of the run as it was given, 0 for none, or else the usual one.
  private static func part(_ given: Double?, _ usual: Double?) -> Double? {
    guard let given else { return usual }
    return given == 0 ? nil : given
  }
}

extension TrainingLoss: ExpressibleByArgument {}
extension UpdateRule.Method: ExpressibleByArgument {}
extension BatchScaling: ExpressibleByArgument {}

/// `--global-batch`.
struct GlobalBatchOption: ParsableArguments {
  @Option(parsing: .unconditional, help: "Pairs of a step over all ranks, whatever their number.")
  var globalBatch = RunConfiguration().globalBatch
}

/// Where a run's files go, and where it starts.
struct FolderOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The run folder. Default: a new one, runs/DATE-TIME.", valueName: "dir"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "auto goes on from the newest good checkpoint in --output; never starts anew; a checkpoint's path goes on from it, and the same command again from what the run has saved since.",
      valueName: "auto|never|file"))
  var resume = RunConfiguration().resume

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps between checkpoints. Default: one at the end of each epoch.", valueName: "steps"))
  var checkpointEvery: Int?

  @Option(parsing: .unconditional, help: "Checkpoints that stay, the newest.")
  var keep = RunConfiguration().keep

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps between two records in metrics.jsonl and for TensorBoard.", valueName: "steps"))
  var logEvery = RunConfiguration().logEvery

  @Option(
    help: ArgumentHelp(
      "Writes what every rank did in the last steps, phases and collectives on one clock, for chrome://tracing and Perfetto.",
      valueName: "file"))
  var trace: String?

  func apply(to run: inout RunConfiguration) {
    run.output = output ?? ""
    (run.resume, run.checkpointEvery, run.keep) = (resume, checkpointEvery, keep)
    (run.logEvery, run.trace) = (logEvery, trace)
  }
}

/// Of the closing evaluation.
struct EvaluationOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Rounds of test pairs; 0 for no evaluation.")
  var rounds = RunConfiguration().evaluationRounds

  @Option(parsing: .unconditional, help: "Test pairs of each round.")
  var pairs = RunConfiguration().evaluationPairs
}
