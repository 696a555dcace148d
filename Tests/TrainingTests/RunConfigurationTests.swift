import Testing

@testable import Training

struct RunConfigurationTests {
  @Test
  func theDefaultsAreTheNotebooks() throws {
    let configuration = RunConfiguration()
    try configuration.check()
    #expect(configuration.globalBatch == 32 && configuration.stepsPerEpoch == 1687 && configuration.epochs == 150)
    #expect(configuration.validationSteps == 187 && configuration.learningRate == 1e-3)
    #expect(configuration.evaluationRounds == 10 && configuration.evaluationPairs == 5000)
  }

  private typealias Change = @Sendable (inout RunConfiguration) -> Void

  private static let impossible: [(String, Change)] = [
    ("--base-channels", { $0.network.baseChannels = 0 }), ("--blocks", { $0.network.blocks = 0 }),
    ("--blocks", { $0.network.blocks = 7 }), ("--convolutions-per-block", { $0.network.convolutionsPerBlock = 0 }),
    ("--sources", { $0.network.heads = ["a", "a"] }), ("--sources", { $0.network.heads = ["a"] }),
    ("--sources", { $0.network.heads = ["a/b", "c"] }), ("--recipe", { $0.recipe = "none" }),
    ("--learning-rate", { $0.learningRate = 0 }), ("--learning-rate", { $0.learningRate = -1 }),
    ("--learning-rate", { $0.learningRate = .nan }), ("--learning-rate", { $0.learningRate = .infinity }),
    ("--learning-rate", { $0.learningRate = 1e-60 }), ("--epochs", { $0.epochs = 0 }),
    ("--steps-per-epoch", { $0.stepsPerEpoch = 0 }), ("--steps-per-epoch", { $0.stepsPerEpoch = .max }),
    ("--global-batch", { $0.globalBatch = 0 }), ("--global-batch", { $0.globalBatch = -3 }),
    ("--validation-steps", { $0.validationSteps = 0 }), ("--threads", { $0.threads = 0 }),
    ("--checkpoint-every", { $0.checkpointEvery = 0 }), ("--keep", { $0.keep = 0 }),
    ("--rounds", { $0.evaluationRounds = -1 }), ("--pairs", { $0.evaluationPairs = 0 }),
    ("--rounds", { $0.evaluationRounds = .max }), ("--pairs", { $0.evaluationPairs = .max / 2 }),
    ("--validation-steps", { ($0.epochs, $0.stepsPerEpoch, $0.validationSteps) = (1, 1, 1 << 28) }),
    ("--warm-up", { ($0.recipe, $0.epochs, $0.stepsPerEpoch, $0.warmUp) = ("fast", 2, 50, 100) }),
    ("--resume", { $0.resume = "" }), ("--slices", { $0.slices = 6 }), ("--slices", { $0.slices = 2048 }),
    (
      "--slices",
      {
        $0.slices = 4
        $0.wire = .bf16
      }
    ),
  ]

  @Test(arguments: impossible.indices)
  func whatCannotBeIsNamed(index: Int) throws {
    let (option, change) = Self.impossible[index]
    var changed = RunConfiguration()
    change(&changed)
    let configuration = changed
    let error = try #require(throws: RunError.self) { try configuration.check() }
    guard case .usage(let named, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(named == option && error.category == .usage)
  }

  @Test
  func theConfigurationSurvivesJSON() throws {
    var configuration = RunConfiguration()
    (configuration.seed, configuration.learningRate) = (.max, 0.1 + 0.2)
    (configuration.checkpointEvery, configuration.slices) = (7, 4)
    let back = try JSONText.decode(RunConfiguration.self, from: JSONText.encode(configuration))
    #expect(back == configuration)
  }
}
