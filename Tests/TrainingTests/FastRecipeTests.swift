import Testing

@testable import Training

/// The schedule and the verdicts of the recipe for few samples.
struct FastRecipeTests {
  private let schedule = LearningRateSchedule(peak: 0.004, warmUp: 4, steps: 12)

  @Test func theRateRisesEvenlyAndFallsAlongHalfACosine() {
    let rates = (0...12).map { schedule.learningRate(step: $0) }
    #expect(Array(rates[..<4]) == [0.001, 0.002, 0.003, 0.004])
    // A quarter, half and three quarters of the way down: (1 + cos) / 2 of 45, 90 and 135 degrees.
    let expected = [4: 0.004, 6: 0.004 * (1 + 0.5.squareRoot()) / 2, 8: 0.002, 10: 0.004 * (1 - 0.5.squareRoot()) / 2]
    for (step, rate) in expected { #expect(abs(rates[step] - rate) < 1e-12, "step \(step)") }
    #expect(zip(rates[4...], rates[5...]).allSatisfy { $0 > $1 } && abs(rates[12]) < 1e-12 && rates[11] > 0)
  }

  @Test func aCoolDownIsConstantAndThenFallsEvenly() {
    let schedule = LearningRateSchedule(peak: 0.8, warmUp: 2, steps: 12, coolDown: 0.4)
    let expected = [0.4] + [Double](repeating: 0.8, count: 8) + [0.6, 0.4, 0.2, 0]
    for (step, rate) in expected.enumerated() {
      #expect(abs(schedule.learningRate(step: step) - rate) < 1e-12, "step \(step)")
    }
    #expect(schedule.stepsBeforeFall == 8 && self.schedule.stepsBeforeFall == 4)
    #expect(LearningRateSchedule(peak: 1, warmUp: 0, steps: 4, coolDown: 1).stepsBeforeFall == 0)
    #expect(LearningRateSchedule(peak: 1, warmUp: 5, steps: 3, coolDown: 0.5).stepsBeforeFall == 5)
  }

  @Test func aRunNoLongerThanItsWarmUpStaysFinite() {
    let short = LearningRateSchedule(peak: 1, warmUp: 5, steps: 3)
    #expect((0..<3).map { short.learningRate(step: $0) } == [0.2, 0.4, 0.6])
    #expect(LearningRateSchedule(peak: 1, warmUp: 0, steps: 1).learningRate(step: 0) == 1)
  }

  @Test func theLastPartOfTheRunHasFrozenStatistics() throws {
    var run = RunConfiguration()
    (run.recipe, run.warmUp, run.epochs, run.stepsPerEpoch, run.frozenPart) = ("fast", 2, 3, 4, 0.4)
    let recipe = try #require(Recipe(named: "fast", learningRate: 0.004))
    func frozen(_ run: RunConfiguration) -> [Int] {
      (0..<12).filter { recipe.statistics(step: $0, of: run) == .frozen }
    }
    #expect(frozen(run) == [8, 9, 10, 11] && run.stepsBeforeFreeze == 8)
    run.frozenPart = 1
    #expect(frozen(run) == Array(2..<12), "never in the warm-up, whose statistics are no statistics yet")
    run.frozenPart = nil
    #expect(frozen(run).isEmpty && run.stepsBeforeFreeze == .max)
    let notebook = try #require(Recipe(named: "notebook", learningRate: 0.004))
    run.frozenPart = 0.4
    #expect(notebook.statistics(step: 11, of: run) == .batch())
  }

  @Test func movingStatisticsOfFreshWeightsBeginAsAnAverage() throws {
    var run = RunConfiguration()
    (run.recipe, run.warmUp, run.epochs, run.stepsPerEpoch, run.frozenPart) = ("fast", 400, 3, 1_000, 0.4)
    let fast = try #require(Recipe(named: "fast", learningRate: 0.004))
    // (1 + t) / (10 + t) of step t, counted from 1, which passes 0.99 at t = 890.
    #expect(fast.statistics(step: 0, of: run) == .batch(momentum: 2.0 / 11))
    #expect(fast.statistics(step: 888, of: run) == .batch(momentum: 890.0 / 899))
    #expect(fast.statistics(step: 890, of: run) == .batch(momentum: 0.99))
    #expect(fast.statistics(step: 2_000, of: run) == .frozen)
    let notebook = try #require(Recipe(named: "notebook", learningRate: 0.001))
    for step in [0, 888, 2_000] { #expect(notebook.statistics(step: step, of: run) == .batch(momentum: 0.99)) }
    // What a program wrote whose statistics kept 0.99 from the first step on.
    let old = JSONText.encode(fast).replacing(#","scalesStatistics":true"#, with: "")
    let read = try JSONText.decode(Recipe.self, from: old)
    #expect(old != JSONText.encode(fast) && read.statistics(step: 0, of: run) == .batch(momentum: 0.99))
    run.initialWeights = "weights.safetensors"
    #expect(fast.statistics(step: 0, of: run) == .batch(momentum: 0.99))
    #expect(fast.statistics(step: 2_000, of: run) == .frozen)
  }

  @Test func theLeastLossKeepsItsWeightsAndNothingStops() throws {
    var recipe = try #require(Recipe(named: "fast", learningRate: 0.004))
    var kept: [Bool] = []
    for (epoch, loss) in [.nan, 0.5, 0.6, 0.4, .nan, 0.4, 0.3].enumerated() {
      let verdict = recipe.epochEnded(epoch, validationLoss: loss)
      kept.append(verdict.keepsWeights)
      #expect(!verdict.stops && !verdict.lowersLearningRate)
    }
    #expect(kept == [true, true, false, true, false, false, true] && recipe.best == 0.3 && recipe.bestEpoch == 6)
  }

  @Test func theFastRecipeIsJudgedByTheSamePairsAndTheNotebookByNewOnes() throws {
    let (fast, notebook) = (Recipe.fast(FastRecipe(learningRate: 1)), Recipe.notebook(NotebookRecipe()))
    for epoch in 0..<3 {
      #expect(fast.validationPairs(epoch: epoch) == .first && notebook.validationPairs(epoch: epoch) == .epoch(epoch))
    }
    // What a program wrote that drew new pairs each time.
    let old = JSONText.encode(fast).replacing(#""keepsPairs":true,"#, with: "")
    let read = try JSONText.decode(Recipe.self, from: old)
    #expect(old != JSONText.encode(fast) && read.validationPairs(epoch: 2) == .epoch(2) && read != fast)
  }

  @Test func theStepSetsTheRateOfTheFastRecipeAlone() throws {
    var fast = try #require(Recipe(named: "fast", learningRate: 0.004))
    fast.stepBegins(1, schedule)
    #expect(fast.learningRate == 0.002)
    #expect(try JSONText.decode(Recipe.self, from: JSONText.encode(fast)) == fast)
    var notebook = try #require(Recipe(named: "notebook", learningRate: 0.004))
    notebook.stepBegins(1, schedule)
    #expect(notebook.learningRate == 0.004)
  }
}
