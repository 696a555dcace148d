import Distributed
import Model

/// A step's sums across the ranks, from `begin()` to `finishGradients()`. Collective; allocates nothing after its initialiser.
protocol StepSums: CrossRankSums {
  /// Set: nothing is sent and every rank keeps its own sums. For measuring what the messages cost.
  var isSilent: Bool { get set }
  /// Starts a step.
  func begin()
  /// Returns when the gradients are summed over the ranks.
  func finishGradients() throws
  /// Leaves what is pending behind, on the way to ending the job.
  func abandon()
}

extension GradientReducer: StepSums {}
