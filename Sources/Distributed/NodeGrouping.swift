/// Which ranks add their gradients up in memory before anything travels.
package enum NodeGrouping: Sendable, Codable, Equatable {
  /// Those that share a node's memory.
  case sharedMemory
  /// Ranks in order, so many at a time: stands for several nodes on one machine.
  case groups(of: Int)
  /// None: everything travels as messages.
  case single
}

extension NodeGrouping {
  /// This rank's group. Collective.
  func split(_ communicator: Communicator) throws -> Communicator {
    switch self {
    case .sharedMemory:
      return try communicator.splitBySharedMemoryNode()
    case .groups(let count):
      precondition(count > 0, "groups of \(count) ranks")
      return try communicator.split(color: communicator.rank / count)
    case .single:
      return try communicator.split(color: communicator.rank)
    }
  }
}
