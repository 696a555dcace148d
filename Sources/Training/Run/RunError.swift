/// What stops a run that is nobody's file: a value that cannot be, numbers that left the finite ones, ranks that differ.
package enum RunError: Error, Equatable, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// sysexits 64.
    case usage
    /// Sysexits 70.
    case `internal`
    /// Sysexits 71.
    case system
  }

  /// Where a value was not finite.
  package enum Quantity: Equatable, Sendable {
    /// The loss of the head so called; `layer` is the first of the forward pass that gave such a number.
    case loss(head: String, layer: String)
    /// The gradient of the tensor so called.
    case gradient(tensor: String)
    /// The validation loss after the epoch, counted from 1.
    case validationLoss(epoch: Int)
  }

  /// `option` holds what it cannot; `reason` says why.
  case usage(option: String, reason: String)
  /// Step `step` (from 1; nil where steps are not counted) met a NaN or an infinity.
  case nonFinite(Quantity, step: Int?)
  /// A reduction gave `found` where the ranks' numbers add up to `expected`.
  case wrongSum(expected: Float, found: Float)
  /// After `step` steps the weights of rank `rank` are not those of most ranks.
  case ranksHoldDifferentWeights(rank: Int, step: Int)
  /// Rank `rank` loaded other pictures than rank 0.
  case ranksHoldDifferentData(rank: Int)

  package var category: Category {
    switch self {
    case .usage: .usage
    case .nonFinite: .internal
    case .ranksHoldDifferentData, .ranksHoldDifferentWeights, .wrongSum: .system
    }
  }

  /// Whether every rank throws it, at the same point: the job can then end in an orderly way.
  package var isOfEveryRank: Bool {
    switch self {
    case .nonFinite, .ranksHoldDifferentWeights: true
    case .usage, .wrongSum, .ranksHoldDifferentData: false
    }
  }
}

extension RunError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .usage(let option, let reason):
      return "\(option): \(reason)"
    case .nonFinite(let quantity, let step):
      let place = step.map { "step \($0)" } ?? "this step"
      switch quantity {
      case .loss(let head, let layer):
        return
          "\(place): the loss of head \(head) is not finite, from layer \(layer) on; try a lower --learning-rate or "
          + "--precision f32"
      case .gradient(let tensor):
        return "\(place): the gradient of \(tensor) is not finite; try a lower --learning-rate or --precision f32"
      case .validationLoss(let epoch):
        return "\(place): the validation loss of epoch \(epoch) is not finite; try a lower --learning-rate"
      }
    case .wrongSum(let expected, let found):
      return "MPI summed to \(found) what adds up to \(expected); do not trust this installation"
    case .ranksHoldDifferentWeights(let rank, let step):
      return "step \(step): the weights of rank \(rank) are not those of the other ranks; suspect its host's memory or "
        + "library versions, and go on from the last checkpoint, which was the same on all ranks, with --resume auto"
    case .ranksHoldDifferentData(let rank):
      return "rank \(rank) loaded other pictures than rank 0; give every host the same --data"
    }
  }
}
