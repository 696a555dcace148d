import Testing

@testable import Training

/// Runs with a time budget: where the schedule stands when the speed was measured.
struct RunPaceTests {
  private var run: RunConfiguration {
    var run = RunConfiguration()
    (run.recipe, run.learningRate, run.warmUp, run.coolDown) = ("fast", 1, 2, 0.5)
    (run.epochs, run.stepsPerEpoch, run.timeBudget) = (100, 10, 60)
    return run
  }

  @Test(arguments: [
    // A step a second: 60 steps. Half a second: 120. Too slow for another epoch, and for the one that has begun.
    (10, 10.0, 6), (10, 5.0, 12), (10, 11.0, 5), (10, 1000.0, 2), (11, 1000.0, 2), (5, 0.0, 1),
    (1, 1e-300, 4_294_967_295),
  ])
  func theLastEpochEndsNearestToTheBudget(step: Int, seconds: Double, expected: Int) {
    #expect(RunPace.lastEpoch(step: step, seconds: seconds, budget: 60, stepsPerEpoch: 10) == expected)
  }

  /// The first steps were slow, and by their speed the run ends with its warm-up.
  @Test func aMeasurementWithinTheWarmUpIsNotTheLast() throws {
    var run = run
    run.warmUp = 30
    var recipe = try #require(Recipe(named: "fast", learningRate: 1))
    recipe.measured(step: 10, seconds: 30, of: run)
    #expect(recipe.lastEpoch == 2)
    recipe.measured(step: 20, seconds: 20, of: run)
    #expect(recipe.lastEpoch == 6)
  }

  @Test func theRateFallsToNothingAtTheEndWhateverTheSpeed() throws {
    let run = run
    var recipe = try #require(Recipe(named: "fast", learningRate: 1))
    #expect(recipe.lastEpoch == nil)
    // Ten steps in 10 s: six epochs. 8 of 998 steps after the warm-up are done.
    recipe.measured(step: 10, seconds: 10, of: run)
    #expect(recipe.lastEpoch == 6)
    recipe.stepBegins(10, run.schedule)
    #expect(recipe.learningRate == 1)
    // The machine is slower from here on: 30 steps in 45 s are four epochs in 60.
    recipe.stepBegins(30, run.schedule)
    let before = recipe.learningRate
    recipe.measured(step: 30, seconds: 45, of: run)
    #expect(recipe.lastEpoch == 4)
    recipe.stepBegins(30, run.schedule)
    #expect(recipe.learningRate == before)
    var rates: [Float] = []
    for step in 30...40 {
      recipe.stepBegins(step, run.schedule)
      rates.append(recipe.learningRate)
    }
    #expect(rates.last == 0 && zip(rates, rates.dropFirst()).allSatisfy { $0 >= $1 } && rates[9] < 0.25)
    #expect(try JSONText.decode(Recipe.self, from: JSONText.encode(recipe)) == recipe)
  }

  /// Measured in the warm-up: its steps are none of the schedule's parts.
  @Test func theScheduleBeginsWhereTheWarmUpEnds() throws {
    var run = run
    (run.warmUp, run.coolDown, run.frozenPart) = (30, nil, 0.9)
    var recipe = try #require(FastRecipe(learningRate: 1) as FastRecipe?)
    recipe.measured(step: 10, seconds: 10, budget: 60, of: run)
    #expect(recipe.pace?.part(step: 12) == 0 && recipe.pace?.part(step: 30) == 0)
    #expect(recipe.pace?.part(step: 45) == 0.5 && recipe.pace?.part(step: 60) == 1)
    recipe.stepBegins(30, run.schedule)
    #expect(recipe.learningRate == 1)
    #expect(recipe.statistics(step: 32, of: run) != .frozen && recipe.statistics(step: 33, of: run) == .frozen)
  }

  @Test func aRunThatGetsSlowerStillEndsAtARateOfNothing() throws {
    let run = run
    var recipe = try #require(Recipe(named: "fast", learningRate: 1))
    recipe.measured(step: 10, seconds: 10, of: run)
    // Five epochs are nearer to 60 s than six, and four than five; one goes on all the same.
    for (step, seconds, last) in [(40, 44.0, 5), (50, 80.0, 5)] {
      recipe.measured(step: step, seconds: seconds, of: run)
      #expect(recipe.lastEpoch == last, "step \(step)")
    }
    recipe.stepBegins(49, run.schedule)
    #expect(recipe.learningRate > 0)
    recipe.stepBegins(50, run.schedule)
    #expect(recipe.learningRate == 0)
    // Nor does a run that gets faster at its end train an epoch at that rate.
    recipe.measured(step: 50, seconds: 20, of: run)
    #expect(recipe.lastEpoch == 5)
  }

  @Test func theClockDecidesWhenStatisticsFreeze() throws {
    var (run, recipe) = (run, try #require(Recipe(named: "fast", learningRate: 1)))
    run.frozenPart = 0.5
    recipe.measured(step: 10, seconds: 10, of: run)
    // From part 8 / 998 at step 10 to 1 at step 60: half is done after 34.8 steps.
    let frozen = (10..<60).filter { recipe.statistics(step: $0, of: run) == .frozen }
    #expect(frozen == Array(35..<60))
  }

  @Test func aBudgetDoesNotGoBeyondTheEpochs() throws {
    var (run, recipe) = (run, try #require(Recipe(named: "fast", learningRate: 1)))
    run.epochs = 3
    recipe.measured(step: 10, seconds: 1, of: run)
    #expect(recipe.lastEpoch == 3)
  }
}
