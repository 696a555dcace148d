import Testing
import Training

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
