/// The published notebook's policy: Keras's ReduceLROnPlateau, ModelCheckpoint and EarlyStopping on the validation loss.
///
/// A value: what an epoch's validation loss does to it is all there is. Keras's own rules, in this order:
/// - Plateau (factor 0.3, patience 8, min_delta 1e-4, cooldown 0): only a loss more than 1e-4 below the best counts as
///   progress. The learning rate is an f32 variable, compared with 1e-5 in f32, multiplied in f64 and stored in f32.
/// - Early stopping (patience 10, min_delta 0): any loss below the best keeps the weights. So a small improvement can
///   renew its patience and still count as a plateau. The first epoch's weights are kept whatever their loss, and the
///   first epoch never stops. A NaN is no improvement.
package struct NotebookRecipe: Sendable, Codable, Equatable {
  static let factor = 0.3
  static let plateauPatience = 8
  static let minimumDelta = 1e-4
  static let minimumLearningRate = 1e-5
  static let stoppingPatience = 10

  /// The learning rate of the next step.
  package private(set) var learningRate: Float
  /// The loss that the plateau is measured against.
  package private(set) var plateauBest = Double.infinity
  /// Epochs in a row without progress.
  package private(set) var plateauWait = 0
  /// The smallest validation loss so far.
  package private(set) var best = Double.infinity
  /// The epoch, from 0, whose weights are kept; nil before the first.
  package private(set) var bestEpoch: Int?
  /// Epochs in a row without a new best.
  package private(set) var stoppingWait = 0

  /// The state before the first epoch.
  package init(learningRate: Double = 1e-3) { self.learningRate = Float(learningRate) }

  /// Takes in the validation loss of `epoch`, counted from 0.
  package mutating func epochEnded(_ epoch: Int, validationLoss loss: Double) -> EpochVerdict {
    let lowersLearningRate = plateau(loss)
    var keepsWeights = bestEpoch == nil
    if keepsWeights { bestEpoch = epoch }
    stoppingWait += 1
    if loss < best {
      best = loss
      bestEpoch = epoch
      stoppingWait = 0
      keepsWeights = true
    }
    let stops = stoppingWait >= Self.stoppingPatience && epoch > 0
    return EpochVerdict(keepsWeights: keepsWeights, stops: stops, lowersLearningRate: lowersLearningRate)
  }

  private mutating func plateau(_ loss: Double) -> Bool {
    if loss < plateauBest - Self.minimumDelta {
      plateauBest = loss
      plateauWait = 0
      return false
    }
    plateauWait += 1
    guard plateauWait >= Self.plateauPatience, learningRate > Float(Self.minimumLearningRate) else { return false }
    learningRate = Float(max(Double(learningRate) * Self.factor, Self.minimumLearningRate))
    plateauWait = 0
    return true
  }
}
