extension Topology {
  /// `body`'s value. While it runs, this thread, and programs that it starts, may use every core that some rank of this node may
  /// use: a launcher that binds ranks gives each of them a part. Local. Throws ``LaunchError`` where the system refuses.
  package func onAllCoresOfNode<Value>(_ body: () throws -> Value) throws -> Value {
    let own = Affinity.cores
    guard coresOfNode != own else { return try body() }
    try Affinity.set(coresOfNode)
    // The mask that it had before cannot be refused.
    defer { try? Affinity.set(own) }
    return try body()
  }
}
