/// How a global batch is cut into slices, and which ranks compute which.
///
/// Without a fixed number there is one slice for each rank, as long as the others or as its share says. With one, the slices are the same for any number of ranks: each rank
/// computes neighbouring ones, as many as the others, and whatever is summed over them is summed along one binary tree.
package struct Slicing: Sendable, Equatable {
  /// The slices in order; those of a rank stand next to each other.
  package let slices: [Range<Int>]
  /// Slices of one rank.
  package let perRank: Int

  /// Cuts `globalBatch` for `ranks` ranks; `fixed` is the fixed number, of which ``problem(fixed:ranks:)`` must be nil. `shares` are
  /// the pairs of each rank, `globalBatch` in all; nil for equal ones, as always with a fixed number.
  package init(of globalBatch: Int, fixed: Int?, shares: [Int]? = nil, ranks: Int) {
    let problem = Self.problem(fixed: fixed, ranks: ranks)
    precondition(problem == nil, problem ?? "")
    if let shares {
      precondition(
        fixed == nil && shares.count == ranks, "\(shares.count) shares for \(ranks) ranks, fixed: \(fixed ?? 0)")
      let total = shares.reduce(0, +)
      precondition(
        total == globalBatch && shares.allSatisfy { $0 >= 0 }, "shares \(shares) of a batch of \(globalBatch)")
      var begin = 0
      slices = shares.map { count in
        defer { begin += count }
        return begin..<begin + count
      }
      perRank = 1
      return
    }
    let count = fixed ?? ranks
    slices = (0..<count).map { TrainingStep.slice(of: globalBatch, rank: $0, size: count) }
    perRank = count / ranks
  }

  /// Why `fixed` slices cannot be computed by `ranks` ranks; nil where they can.
  package static func problem(fixed: Int?, ranks: Int) -> String? {
    guard let fixed else { return nil }
    if fixed < 1 || fixed & (fixed - 1) != 0 { return "\(fixed) is not a power of two" }
    if ranks > fixed { return "\(fixed) slices are too few for \(ranks) ranks" }
    // Only then is a rank's block of slices a subtree of the tree over all of them.
    if ranks & (ranks - 1) != 0 { return "\(fixed) slices cannot be dealt to \(ranks) ranks: not a power of two" }
    return nil
  }

  /// The slices of `rank`.
  package func slices(ofRank rank: Int) -> ArraySlice<Range<Int>> { slices[rank * perRank..<(rank + 1) * perRank] }

  /// The pairs of `rank`: its slices in one.
  package func pairs(ofRank rank: Int) -> Range<Int> {
    slices[rank * perRank].lowerBound..<slices[(rank + 1) * perRank - 1].upperBound
  }
}
