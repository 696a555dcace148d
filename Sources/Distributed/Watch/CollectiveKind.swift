/// What all ranks of a communicator do together.
package enum CollectiveKind: UInt8, Sendable, CaseIterable {
  case allReduce = 1
  /// A nonblocking sum is started, which does not wait.
  case postedSum = 2
  /// The nonblocking sums of a step are awaited.
  case pendingSums = 3
  case broadcast = 4
  case gather = 5
  case barrier = 6
  case duplicate = 7
  case split = 8
  case treeSum = 9
  /// Ranks of a node wait in shared memory for each other's part of a sum.
  case nodeSum = 10
  /// Rank 0 asks the others for their time.
  case clocks = 11

  package var name: String {
    switch self {
    case .allReduce: "allreduce"
    case .postedSum: "nonblocking sum"
    case .pendingSums: "wait for nonblocking sums"
    case .broadcast: "broadcast"
    case .gather: "gather"
    case .barrier: "barrier"
    case .duplicate: "duplicate"
    case .split: "split"
    case .treeSum: "sum along a tree"
    case .nodeSum: "sum in shared memory"
    case .clocks: "comparison of clocks"
    }
  }
}
