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

  /// The names that `--recipe` takes.
  package static let names = ["notebook"]

  /// The recipe called `name` before the first epoch; nil for a name there is not.
  package init?(named name: String, learningRate: Double) {
    switch name {
    case "notebook": self = .notebook(NotebookRecipe(learningRate: learningRate))
    default: return nil
    }
  }

  /// The learning rate of the next step.
  package var learningRate: Float {
    switch self {
    case .notebook(let state): state.learningRate
    }
  }

  /// The smallest validation loss so far, infinity before the first epoch.
  package var best: Double {
    switch self {
    case .notebook(let state): state.best
    }
  }

  /// The epoch, from 0, whose weights are kept; nil before the first.
  package var bestEpoch: Int? {
    switch self {
    case .notebook(let state): state.bestEpoch
    }
  }

  /// Takes in the validation loss of `epoch`, counted from 0.
  package mutating func epochEnded(_ epoch: Int, validationLoss: Double) -> EpochVerdict {
    switch self {
    case .notebook(var state):
      defer { self = .notebook(state) }
      return state.epochEnded(epoch, validationLoss: validationLoss)
    }
  }
}
