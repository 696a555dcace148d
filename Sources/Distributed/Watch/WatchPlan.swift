/// Who sends heartbeats to whom, and where they listen: the same on every rank.
struct WatchPlan: Sendable {
  /// One rank's place and addresses.
  struct Member: Equatable, Sendable {
    var rank: Int
    var node: Int
    var host: String
    /// Where its datagrams may be sent; several where the host has several addresses.
    var addresses: [DatagramAddress]
  }

  let token: UInt128
  /// In rank order.
  let members: [Member]

  /// The lowest rank of each node.
  var deputies: [Int] {
    var nodes: Set<Int> = []
    return members.filter { nodes.insert($0.node).inserted }.map(\.rank)
  }

  /// Those who receive `rank`'s heartbeats: rank 0 and every node's deputy; a deputy's also the ranks of its node, rank 0's
  /// everybody. So rank 0 and the deputies, on whichever side of a cut, know of all ranks, and each other rank knows whether
  /// one of those is there to speak.
  func receivers(of rank: Int) -> [Int] {
    if rank == 0 { return members.map(\.rank).filter { $0 != 0 } }
    let deputies = deputies
    let neighbours = deputies.contains(rank) ? members.filter { $0.node == members[rank].node }.map(\.rank) : []
    return Set([0] + deputies + neighbours).subtracting([rank]).sorted()
  }

  /// Those whose heartbeats `rank` receives.
  func senders(to rank: Int) -> [Int] { members.map(\.rank).filter { receivers(of: $0).contains(rank) } }

  /// Who speaks before `rank` does where the job has to end: rank 0 first, then the deputies, then anybody.
  func speakers(before rank: Int) -> [Int] {
    if rank == 0 { return [] }
    let deputies = deputies
    if deputies.contains(rank) { return [0] }
    return Set([0] + deputies.filter { members[$0].node == members[rank].node }).sorted()
  }

  /// Whether `rank`, which has made no progress for `idle` seconds, is to end the job, by what it has heard.
  ///
  /// Rank 0 and the deputies hear everybody, so they know whether somebody works while they wait. Another rank hears them alone: it
  /// leaves the decision to them, unless they are all missing.
  func mayEnd(_ rank: Int, idle: Double, timeout: Double, _ verdict: StallVerdict) -> Bool {
    guard idle >= timeout else { return false }
    let missing = Set(verdict.missing.map(\.rank))
    let present = verdict.observations.filter { !missing.contains($0.rank) && $0.rank != rank }
    // A rank whose clock restarted, or that works while this one waits for it.
    let moves = max(1, min(timeout - 2, 0.8 * timeout))
    if present.contains(where: { Double($0.status?.idleMilliseconds ?? 0) / 1000 < moves }) { return false }
    let speakers = speakers(before: rank).filter { !missing.contains($0) }
    let hearsEverybody = rank == 0 || deputies.contains(rank)
    return hearsEverybody ? idle >= timeout + Double(speakers.count) : speakers.isEmpty
  }
}

extension WatchPlan {
  /// Gives everybody's addresses to everybody. Collective.
  /// - Parameters:
  ///   - port: where this rank listens.
  ///   - interface: its name on rank 0's say; nil for all.
  init(_ communicator: Communicator, topology: Topology, port: UInt16, interface: String?) throws {
    let isOneHost = topology.places.allSatisfy { $0.node == topology.places[0].node }
    let own = isOneHost ? [DatagramAddress.loopback] : NetworkInterfaces.addresses(of: interface)
    let line = own.map { DatagramAddress(address: $0, port: port).text }.joined(separator: " ")
    var random = SystemRandomNumberGenerator()
    let lines = try communicator.gather(text: line, root: 0)
    let token = String(UInt128.random(in: .min ... .max, using: &random), radix: 16)
    let all = try communicator.broadcast(text: ([token] + lines).joined(separator: "\n"), root: 0)
    let parts = all.split(separator: "\n", omittingEmptySubsequences: false)
    guard parts.count == communicator.size + 1, let agreed = UInt128(parts[0], radix: 16) else {
      preconditionFailure("\(parts.count) lines of addresses for \(communicator.size) ranks")
    }
    self.token = agreed
    members = topology.places.map { place in
      Member(
        rank: place.rank, node: place.node, host: place.host,
        addresses: parts[place.rank + 1].split(separator: " ").compactMap { DatagramAddress($0) })
    }
  }
}
