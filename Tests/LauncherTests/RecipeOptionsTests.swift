import Testing

@testable import Training
@testable import launcher

/// What the recipe's options decide where they say nothing.
struct RecipeOptionsTests {
  private func run(_ arguments: String) throws -> RunConfiguration {
    var run = RunConfiguration()
    try RecipeOptions.parse(arguments.split(separator: " ").map(String.init)).apply(to: &run)
    try run.check()
    return run
  }

  @Test(arguments: [
    ("none", 128, 0.001), ("sqrt", 128, 0.002), ("linear", 128, 0.004), ("sqrt", 8, 0.0005), ("linear", 32, 0.001),
  ])
  func theRateGrowsWithTheBatchAsAskedFor(scaling: String, batch: Int, rate: Double) throws {
    let run = try run("--learning-rate 0.001 --global-batch \(batch) --scale-learning-rate \(scaling)")
    #expect(abs(run.learningRate - rate) < 1e-12)
  }

  /// Only what is said caps a run whose length is a time.
  @Test
  func aTimeBudgetDecidesTheEpochs() throws {
    #expect(try run("").epochs == 20 && run("").recipe == "fast")
    #expect(try run("--time-budget 8h").epochs == 1000)
    #expect(try run("--time-budget 8h --epochs 7").epochs == 7)
  }

  /// 0 switches a part off.
  @Test
  func partsOfTheRunsEndAreThoseOfTheFastRecipe() throws {
    let (usual, none) = (try run(""), try run("--cool-down 0 --freeze-statistics 0"))
    #expect(usual.coolDown == 0.4 && usual.frozenPart == 0.6 && usual.averageDecay == 0.99)
    #expect(none.coolDown == nil && none.frozenPart == nil)
    #expect(try run("--freeze-statistics 0.25").frozenPart == 0.25)
  }

  /// Averages reach back over as many pairs: 0.99 to the power of batch / 32. Statistics of large batches are not frozen.
  @Test(arguments: [
    (32, 0.99, true), (16, 0.994987, true), (64, 0.9801, true), (65, 0.979792, false), (512, 0.851458, false),
  ])
  func averagesReachBackOverAsManyPairs(batch: Int, decay: Double, isFrozen: Bool) throws {
    let run = try run("--global-batch \(batch)")
    #expect(run.averageDecay == decay && run.frozenPart == (isFrozen ? 0.6 : nil))
    let fast = try #require(Recipe(named: "fast", learningRate: 0.008))
    #expect(fast.statistics(step: 5_000, of: run) == .batch(momentum: decay))
    let given = try self.run("--global-batch \(batch) --average-decay 0.9 --freeze-statistics 0.4")
    #expect(given.averageDecay == 0.9 && given.frozenPart == 0.4)
    #expect(try self.run("--recipe notebook --global-batch \(batch)").averageDecay == 0)
  }

  @Test
  func aShortRunsWarmUpLeavesHalfOfIt() throws {
    #expect(try run("").warmUp == 200 && run("--epochs 1").warmUp == 200)
    #expect(try run("--epochs 1 --steps-per-epoch 150").warmUp == 75)
    #expect(try run("--epochs 4 --steps-per-epoch 150").warmUp == 150)
    #expect(try run("--epochs 1 --steps-per-epoch 1").warmUp == 0)
    // The clock may leave it a single epoch.
    #expect(try run("--time-budget 1m --steps-per-epoch 150").warmUp == 75 && run("--time-budget 1m").warmUp == 200)
  }

  /// What a report prints as the command that does the run again.
  @Test(arguments: [
    "", "--recipe notebook", "--recipe notebook --epochs 20 --steps-per-epoch 100", "--optimizer adam", "--loss mse",
    "--average-decay 0", "--warm-up 0", "--learning-rate 0.001", "--epochs 150", "--epochs 1 --steps-per-epoch 150",
    "--cool-down 0 --freeze-statistics 0", "--freeze-statistics 1 --cool-down 0.5", "--time-budget 2h",
    "--time-budget 2h --epochs 20", "--global-batch 64 --scale-learning-rate sqrt", "--global-batch 512",
    "--global-batch 512 --average-decay 0.99 --freeze-statistics 0.6", "--recipe notebook --global-batch 512",
    "--optimizer adam --learning-rate 0.008",
    "--recipe notebook --optimizer muon --loss rmse", "--clip-norm 0.5 --weight-decay 0.01 --seed 3",
  ])
  func theReportsCommandIsTheSameRun(arguments: String) throws {
    let run = try run(arguments)
    let start = StartRecord(
      time: 0, step: 0, epoch: 0, epochs: run.epochs, stepsPerEpoch: run.stepsPerEpoch,
      validationSteps: run.validationSteps, globalBatch: run.globalBatch, parameters: 1, heads: run.network.heads,
      data: "pictures", precision: "f32", recipe: run.recipe, hosts: ["a"], threads: 1)
    var report = try #require(RunReport(folder: "runs/a", events: [.start(start)]))
    report.options = run.options.compactMap { name, value in
      value?.scalar.map { .init(name: name, value: $0.string) }
    }
    let words = report.command.split(separator: " ").map(String.init)
    #expect(words.prefix(2) == ["launcher", "train"])
    var again = RunConfiguration()
    try Train.parse(Array(words.dropFirst(2))).recipe.apply(to: &again)
    #expect(again == run, "\(report.command)")
  }

  @Test
  func theNotebooksRecipeIsThePublishedOne() throws {
    var published = RunConfiguration()
    published.recipe = "notebook"
    #expect(try run("--recipe notebook") == published)
    #expect(published.learningRate == 1e-3 && published.loss == .mse && published.optimizer == .adam)
    #expect(published.warmUp == 0 && published.averageDecay == 0 && published.weightDecay == 0)
    #expect(published.epochs == 150 && published.stepsPerEpoch == 1687 && published.globalBatch == 32)
  }
}
