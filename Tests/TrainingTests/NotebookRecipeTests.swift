import TestSupport
import Testing

@testable import Training

struct NotebookRecipeTests {
  /// Keras's callbacks as its documentation states them, written down a second time.
  private struct Keras {
    var learningRate: Float = 1e-3
    var plateauBest = Double.infinity
    var plateauWait = 0
    var best = Double.infinity
    var bestEpoch = 0
    var wait = 0

    /// Whether training stops after this epoch.
    mutating func epoch(_ epoch: Int, _ v: Double) -> Bool {
      if v < plateauBest - 1e-4 {
        plateauBest = v
        plateauWait = 0
      } else {
        plateauWait += 1
        if plateauWait >= 8 {
          let old = Double(learningRate)
          if old > Double(Float(1e-5)) {
            learningRate = Float(max(old * 0.3, 1e-5))
            plateauWait = 0
          }
        }
      }
      if v < best {
        best = v
        bestEpoch = epoch
        wait = 0
      } else {
        wait += 1
      }
      return wait >= 10 && epoch > 0
    }
  }

  @Test
  func anyCurveIsJudgedAsKerasDoes() {
    var numbers = SplitMix(state: 2)
    var (stopped, lowered) = (0, 0)
    for curve in 0..<300 {
      var (ours, keras) = (NotebookRecipe(), Keras())
      var level = 0.01
      for epoch in 0..<150 {
        level *= Double.random(in: 0.9...1.01, using: &numbers)
        // Small steps lie around min_delta, and some values repeat.
        let loss = curve % 3 == 0 ? (level * 1e4).rounded() / 1e4 : level + Double.random(in: 0...2e-4, using: &numbers)
        let stops = keras.epoch(epoch, loss)
        let place = "epoch \(epoch) of curve \(curve)"
        #expect(ours.epochEnded(epoch, validationLoss: loss).stops == stops, "\(place)")
        #expect(ours.learningRate == keras.learningRate, "\(place)")
        #expect(ours.best == keras.best && ours.bestEpoch == keras.bestEpoch, "\(place)")
        if stops {
          stopped += 1
          break
        }
      }
      if keras.learningRate < 1e-3 { lowered += 1 }
    }
    #expect(stopped > 200 && lowered > 200, "curves that decide nothing: \(stopped) of 300 stopped, \(lowered) lowered")
  }

  @Test
  func thePublishedLearningRatesFollowEachOther() {
    var recipe = NotebookRecipe()
    var rates: [Float] = []
    // Each loss is a new best, none by more than min_delta.
    for epoch in 0..<80 {
      let verdict = recipe.epochEnded(epoch, validationLoss: 0.01 - Double(epoch) * 1e-6)
      #expect(verdict.keepsWeights && !verdict.stops)
      if rates.last != recipe.learningRate { rates.append(recipe.learningRate) }
      let lowers = [8, 16, 24, 32].contains(epoch)
      #expect(verdict.lowersLearningRate == lowers, "epoch \(epoch)")
    }
    #expect(rates == [1e-3, 3e-4, 9e-5, 2.7e-5, 1e-5])
  }

  @Test
  func theSmallestLearningRateIsNotComparedInDouble() {
    // f32(1e-5) is below 1e-5: in f64 a rate just above it would count as above and be set to f32(1e-5) again.
    var recipe = NotebookRecipe(learningRate: 1e-5)
    for epoch in 0..<9 { #expect(!recipe.epochEnded(epoch, validationLoss: 1).lowersLearningRate) }
    #expect(recipe.plateauWait == 8)
    #expect(recipe.learningRate == Float(1e-5))
  }

  @Test
  func aSmallImprovementRenewsStoppingAndCountsAsPlateau() {
    var recipe = NotebookRecipe()
    _ = recipe.epochEnded(0, validationLoss: 0.002)
    let verdict = recipe.epochEnded(1, validationLoss: 0.00195)
    #expect(verdict.keepsWeights)
    #expect(recipe.stoppingWait == 0 && recipe.plateauWait == 1)
    #expect(recipe.best == 0.00195 && recipe.plateauBest == 0.002)
    // Measured from 0.002, not from 0.00195.
    _ = recipe.epochEnded(2, validationLoss: 0.0018999)
    #expect(recipe.plateauWait == 0 && recipe.plateauBest == 0.0018999)
  }

  @Test
  func tenEpochsWithoutABestStopAndATieIsNone() {
    var recipe = NotebookRecipe()
    #expect(!recipe.epochEnded(0, validationLoss: 0.5).stops)
    for epoch in 1...9 { #expect(!recipe.epochEnded(epoch, validationLoss: 0.5).stops) }
    let verdict = recipe.epochEnded(10, validationLoss: 0.5)
    #expect(verdict.stops && !verdict.keepsWeights && !verdict.lowersLearningRate)
    #expect(recipe.bestEpoch == 0)
  }

  @Test
  func theFirstEpochNeverStops() {
    var recipe = NotebookRecipe()
    for _ in 0..<12 { #expect(!recipe.epochEnded(0, validationLoss: 1).stops) }
    #expect(recipe.epochEnded(1, validationLoss: 1).stops)
  }

  @Test
  func aNaNIsNoImprovementAndTheFirstWeightsAreKept() {
    var recipe = NotebookRecipe()
    let first = recipe.epochEnded(0, validationLoss: .nan)
    #expect(first.keepsWeights && recipe.bestEpoch == 0 && recipe.best == .infinity)
    #expect(recipe.stoppingWait == 1 && recipe.plateauWait == 1)
    #expect(!recipe.epochEnded(1, validationLoss: .nan).keepsWeights)
    #expect(recipe.epochEnded(2, validationLoss: 0.3).keepsWeights)
    for epoch in 3..<12 { #expect(!recipe.epochEnded(epoch, validationLoss: .nan).stops) }
    #expect(recipe.epochEnded(12, validationLoss: .nan).stops)
    #expect(recipe.best == 0.3 && recipe.bestEpoch == 2)
  }

  @Test
  func theStateSurvivesJSONBitForBit() throws {
    var recipe = try #require(Recipe(named: "notebook", learningRate: 1e-3))
    for epoch in -1..<9 {
      if epoch >= 0 { _ = recipe.epochEnded(epoch, validationLoss: 1 / (Double(epoch) + 3)) }
      let text = JSONText.encode(TrainingState(recipe: recipe))
      let back = try JSONText.decode(TrainingState.self, from: text)
      #expect(back.recipe == recipe, "\(text)")
    }
    #expect(Recipe(named: "no such recipe", learningRate: 1) == nil)
  }
}
