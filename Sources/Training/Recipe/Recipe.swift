package import Model

/// What the end of an epoch calls for.
package struct EpochVerdict: Sendable, Equatable {
  /// These weights are the ones to keep.
  package let keepsWeights: Bool
  /// Training ends here.
  package let stops: Bool
  /// The learning rate fell.
  package let lowersLearningRate: Bool
}

/// A run's policy and where it stands: learning rate, which weights are best, when to stop. A value that checkpoints keep.
package enum Recipe: Sendable, Codable, Equatable {
  case notebook(NotebookRecipe)
  case fast(FastRecipe)

  /// The names that `--recipe` takes.
  package static let names = ["notebook", "fast"]

  /// The recipe called `name` before the first epoch; nil for a name there is not.
  package init?(named name: String, learningRate: Double) {
    switch name {
    case "notebook": self = .notebook(NotebookRecipe(learningRate: learningRate))
    case "fast": self = .fast(FastRecipe(learningRate: learningRate))
    default: return nil
    }
  }

  /// The learning rate of the next step.
  package var learningRate: Float {
    switch self {
    case .notebook(let state): state.learningRate
    case .fast(let state): state.learningRate
    }
  }

  /// The smallest validation loss so far, infinity before the first epoch.
  package var best: Double {
    switch self {
    case .notebook(let state): state.best
    case .fast(let state): state.best
    }
  }

  /// The epoch, from 0, whose weights are kept; nil before the first.
  package var bestEpoch: Int? {
    switch self {
    case .notebook(let state): state.bestEpoch
    case .fast(let state): state.bestEpoch
    }
  }

  /// The next step is the one after `step` steps; the learning rate is its own from here on.
  package mutating func stepBegins(_ step: Int, _ schedule: LearningRateSchedule) {
    guard case .fast(var state) = self else { return }
    state.stepBegins(step, schedule)
    self = .fast(state)
  }

  /// What the step of `run` after `step` steps normalises by.
  package func statistics(step: Int, of run: RunConfiguration) -> NormalisationStatistics {
    switch self {
    case .notebook: .batch()
    case .fast(let state): state.statistics(step: step, of: run)
    }
  }

  /// What judges `epoch`, counted from 0. The notebook draws new pairs each time. The fast recipe looks at the same ones, so that what
  /// tells its epochs apart is their weights: other pairs move the loss by 2 %, the last epochs' weights by less.
  package func validationPairs(epoch: Int) -> ValidationPairs {
    switch self {
    case .notebook: .epoch(epoch)
    case .fast(let state): state.keepsPairs ? .first : .epoch(epoch)
    }
  }

  /// The last epoch of a run with a time budget, counted from 1, as far as is known.
  package var lastEpoch: Int? { if case .fast(let state) = self { state.pace?.lastEpoch } else { nil } }

  /// Takes in that `step` steps of `run`, which has a time budget, took `seconds`.
  package mutating func measured(step: Int, seconds: Double, of run: RunConfiguration) {
    guard case .fast(var state) = self, let budget = run.timeBudget else { return }
    state.measured(step: step, seconds: seconds, budget: Double(budget), of: run)
    self = .fast(state)
  }

  /// Takes in the validation loss of `epoch`, counted from 0.
  package mutating func epochEnded(_ epoch: Int, validationLoss: Double) -> EpochVerdict {
    switch self {
    case .notebook(var state):
      defer { self = .notebook(state) }
      return state.epochEnded(epoch, validationLoss: validationLoss)
    case .fast(var state):
      defer { self = .fast(state) }
      return state.epochEnded(epoch, validationLoss: validationLoss)
    }
  }
}
