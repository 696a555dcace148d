import Distributed
import Model

/// Compares the weights of all ranks in sixteen bytes: what every rank computes by itself must stay the same everywhere.
///
/// Memory that flips a bit, or a library that sums differently on one host, would otherwise train several networks at once
/// that look like one.
struct WeightAgreement {
  /// Steps between comparisons: one costs a pass over the weights, less than a hundredth of a step.
  static let interval = 100

  let communicator: Communicator

  /// Throws ``RunError/ranksHoldDifferentWeights(rank:step:)`` on every rank where `values` are not the same bits everywhere.
  ///
  /// Collective. The rank named is the first that differs from most others; of two ranks it is rank 1, and either may be wrong.
  func check(_ values: AlignedBuffer<Float>, step: Int) throws {
    guard communicator.size > 1 else { return }
    let own = unsafe Int64(bitPattern: fingerprint(ofBits: values.elements))
    // The complement's maximum is the minimum's complement: one message tells both.
    var extremes = [own, ~own]
    try communicator.allReduce(&extremes, .max)
    guard extremes[0] != ~extremes[1] else { return }
    let all = try communicator.gather([own], root: 0)
    var rank = [Int64(communicator.rank == 0 ? Self.firstOdd(all) : 0)]
    try unsafe rank.withUnsafeMutableBufferPointer { try unsafe communicator.broadcast($0, root: 0) }
    throw RunError.ranksHoldDifferentWeights(rank: Int(rank[0]), step: step)
  }

  /// The first of `values` that is not the most frequent one, where the earliest wins a tie; 0 where all are alike.
  static func firstOdd(_ values: [Int64]) -> Int {
    var counts: [Int64: Int] = [:]
    for value in values { counts[value, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    let usual = values.first { counts[$0] == most }
    return values.firstIndex { $0 != usual } ?? 0
  }
}
