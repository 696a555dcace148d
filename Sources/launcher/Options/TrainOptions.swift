import ArgumentParser
import Training

/// What decides the samples, their order and the learning rate of a run.
struct RecipeOptions: ParsableArguments {
  @Option(help: "Policy of learning rate and stopping: \(Recipe.names.joined(separator: ", ")).")
  var recipe = RunConfiguration().recipe

  @Option(help: "Learning rate of the first step.")
  var learningRate = RunConfiguration().learningRate

  @Option(help: "Most epochs; the recipe may stop earlier.")
  var epochs = RunConfiguration().epochs

  @Option(help: "Steps of an epoch.")
  var stepsPerEpoch = RunConfiguration().stepsPerEpoch

  @OptionGroup var batch: GlobalBatchOption

  @Option(help: "Batches of the validation after each epoch.")
  var validationSteps = RunConfiguration().validationSteps

  @OptionGroup var seed: SeedOption

  func apply(to run: inout RunConfiguration) {
    (run.recipe, run.learningRate, run.epochs, run.stepsPerEpoch) = (recipe, learningRate, epochs, stepsPerEpoch)
    (run.globalBatch, run.validationSteps, run.seed) = (batch.globalBatch, validationSteps, seed.seed)
  }
}

/// `--global-batch`.
struct GlobalBatchOption: ParsableArguments {
  @Option(help: "Pairs of a step, split over the ranks; the run is the same for any number of ranks.")
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
      "auto goes on from the newest good checkpoint in --output; never starts anew; a checkpoint's path goes on from it.",
      valueName: "auto|never|file"))
  var resume = RunConfiguration().resume

  @Option(help: ArgumentHelp("Steps between checkpoints. Default: one at the end of each epoch.", valueName: "steps"))
  var checkpointEvery: Int?

  @Option(help: "Checkpoints that stay, the newest.")
  var keep = RunConfiguration().keep

  @Option(help: ArgumentHelp("Steps between two records in metrics.jsonl.", valueName: "steps"))
  var logEvery = RunConfiguration().logEvery

  func apply(to run: inout RunConfiguration) {
    run.output = output ?? ""
    (run.resume, run.checkpointEvery, run.keep, run.logEvery) = (resume, checkpointEvery, keep, logEvery)
  }
}

/// Of the closing evaluation.
struct EvaluationOptions: ParsableArguments {
  @Option(help: "Rounds of test pairs; 0 for no evaluation.")
  var rounds = RunConfiguration().evaluationRounds

  @Option(help: "Test pairs of each round.")
  var pairs = RunConfiguration().evaluationPairs
}
