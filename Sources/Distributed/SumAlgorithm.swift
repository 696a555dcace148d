internal import CMPI
internal import Glibc

/// How the MPI library adds nonblocking sums up over several nodes (MPI_Iallreduce): what its author calls an algorithm.
///
/// It decides the order of additions, so from three nodes on the bits of a run depend on it.
package enum SumAlgorithm: String, Sendable, Codable {
  /// What the library takes by itself. For sums in place Open MPI 4.1 takes the binomial tree, whatever their size.
  case ownChoice = "own choice"
  /// Every node sends 2 (n - 1) / n of a sum's bytes, to its neighbour: the least there is.
  case ring
  /// Up a tree and down again: all bytes, twice as often as the tree has levels.
  case binomial
  case rabenseifner
  case recursiveDoubling = "recursive doubling"

  /// Most nodes for which the ring is chosen. It takes 2 (n - 1) rounds where a tree takes 2 log2 n, so with more nodes, whose parts of
  /// a bucket become small, its rounds cost more than the bytes that it saves.
  static let mostNodesOfRing = 64

  /// What is best for `nodes` nodes where nobody has asked for anything.
  static func best(nodes: Int) -> SumAlgorithm { (2...mostNodesOfRing).contains(nodes) ? .ring : .ownChoice }

  /// In the order of Open MPI's numbers.
  private static let numbered: [SumAlgorithm] = [.ownChoice, .ring, .binomial, .rabenseifner, .recursiveDoubling]

  /// Open MPI's control variable.
  private static let setting = "coll_libnbc_iallreduce_algorithm"

  /// What the program was started with; nil where the library has no such setting or a value that is unknown here.
  ///
  /// Read once: after `choose` the setting is this program's own.
  private static let inherited: SumAlgorithm? = {
    var (number, isThere) = (Int32(), Int32())
    guard unsafe CMPI_setting(setting, false, &number, &isThere) == MPI_SUCCESS, isThere != 0 else { return nil }
    return numbered.indices.contains(Int(number)) ? numbered[Int(number)] : nil
  }()

  /// Sets the algorithm for sums over the ranks of `nodes` nodes, on every rank the same, and returns it. Collective.
  ///
  /// Rank 0's environment (`OMPI_MCA_coll_libnbc_iallreduce_algorithm`, or a file of Open MPI's) wins; else it is the best one. Ranks
  /// with different algorithms would wait for each other for ever. A library without the setting, as MPICH, keeps its own choice.
  static func choose(nodes: Int, communicator: Communicator) throws -> SumAlgorithm {
    let isAskedFor = unsafe getenv("OMPI_MCA_\(setting)") != nil || inherited != .ownChoice
    let own = inherited.map { isAskedFor ? $0 : best(nodes: nodes) }
    let text = try communicator.broadcast(text: own?.rawValue ?? "", root: 0)
    guard let chosen = SumAlgorithm(rawValue: text), let number = numbered.firstIndex(of: chosen) else {
      return .ownChoice
    }
    var (value, isThere) = (Int32(number), Int32())
    try check(unsafe CMPI_setting(setting, true, &value, &isThere), "MPI_T_cvar_write")
    return chosen
  }
}
