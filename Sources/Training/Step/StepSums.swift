import Distributed
import Model

/// A step's sums across the ranks, from `begin()` to `finishGradients()`. Collective; allocates nothing after its initialiser.
protocol StepSums: CrossRankSums {
  /// This rank's gradients, then their sums.
  var gradients: AlignedBuffer<Float> { get }
  /// The node of every rank, as gradients are added up; the same on every rank. See ``RunPlan/nodes``.
  var nodes: [Int] { get }
  /// How the MPI library adds up between nodes, the same on every rank; nil where it does not.
  var algorithm: SumAlgorithm? { get }
  /// Why ranks of one node do not add up in shared memory, where they were to.
  var sharingRefusal: SharingRefusal? { get }
  /// Set: nothing is sent and every rank keeps its own sums. For measuring what the messages cost.
  var isSilent: Bool { get set }
  /// The sums that are waited for: statistics, and what is left of the gradients' sums when the backward pass is done.
  var times: SumTimes { get set }
  /// What this rank has sent so far: sums that are waited for, and gradients.
  var traffic: (statistics: Traffic, gradients: Traffic) { get }
  /// Starts a step.
  func begin()
  /// Returns when the gradients are summed over the ranks.
  func finishGradients() throws
  /// Leaves what is pending behind, on the way to ending the job.
  func abandon()
}

extension StepSums {
  /// How gradients are added up, in words, and why not in shared memory.
  var reduction: String {
    RunPlan.reduction(nodes: nodes, algorithm: algorithm) + (sharingRefusal.map { ": \($0)" } ?? "")
  }
}

extension GradientReducer: StepSums {}

extension Communicator {
  /// Seconds that this rank stands at a barrier until the last one comes. Collective.
  func secondsToMeet() throws -> Double {
    var watch = Stopwatch()
    try barrier()
    return watch.lap()
  }
}
