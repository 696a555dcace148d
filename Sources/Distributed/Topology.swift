/// Where the ranks run, and how many threads each should use.
package struct Topology: Sendable, Codable, Equatable {
  /// One rank's place.
  package struct RankPlace: Sendable, Codable, Equatable {
    package let rank: Int
    /// Name of its host.
    package let host: String
    /// Number of its node, counted from 0 in the order of the lowest ranks.
    package let node: Int
    /// Its number among the ranks of the node.
    package let rankOnNode: Int
    /// Numbers of the logical cores in its affinity mask, ascending.
    package let cores: [Int]
  }

  /// Every rank in order; the same on every rank.
  package let places: [RankPlace]
  /// Name of this rank's host.
  package let host: String
  /// Ranks on this rank's node.
  package let ranksOnNode: Int
  /// Numbers of the logical cores that some rank of this rank's node may use, ascending.
  package let coresOfNode: [Int]
  /// Logical cores this process may use: its affinity mask, capped by the cgroups' CPU quota.
  package let coresAvailable: Int
  /// Threads this rank should use; at least 1.
  package let threadsPerRank: Int
  /// Whether this node has more ranks than cores for them: waiting ranks must then yield, not spin.
  package let oversubscribed: Bool

  /// The topology of `communicator`'s ranks. Collective, blocking.
  package init(_ communicator: Communicator) throws {
    let node = try communicator.splitBySharedMemoryNode()
    var leader = [Int64(communicator.rank)]
    try unsafe leader.withUnsafeMutableBufferPointer { try unsafe node.broadcast($0, root: 0) }
    let own = Record(host: Host.name, leader: Int(leader[0]), rankOnNode: node.rank, cores: Affinity.cores)
    let lines = try communicator.gather(text: own.line, root: 0)
    let all = try communicator.broadcast(text: lines.joined(separator: "\n"), root: 0)
    let places = Self.places(all.split(separator: "\n").map { Record(line: $0) })
    precondition(places.count == communicator.size, "\(places.count) places of \(communicator.size) ranks")
    self.init(places: places, rank: communicator.rank, quota: CPUQuota.ofThisProcess)
  }

  /// What follows for `rank` from everybody's places and the quota of its node in whole cores.
  init(places: [RankPlace], rank: Int, quota: Int?) {
    let own = places[rank]
    let masks = places.filter { $0.node == own.node }.map(\.cores)
    let cap = quota ?? .max
    self.places = places
    host = own.host
    ranksOnNode = masks.count
    coresOfNode = Set(masks.joined()).sorted()
    coresAvailable = max(1, min(own.cores.count, cap))
    threadsPerRank = Self.threads(masks: masks, rankOnNode: own.rankOnNode, quota: quota)
    oversubscribed = masks.count > max(1, min(coresOfNode.count, cap))
  }

  /// Threads of one rank, given the affinity masks of all ranks on its node and the node's quota in whole cores.
  ///
  /// Where the masks are disjoint somebody has dealt out the cores: the rank uses its own. Otherwise all may run
  /// everywhere, and the ranks share the union equally. The quota is shared equally in both cases.
  static func threads(masks: [[Int]], rankOnNode: Int, quota: Int?) -> Int {
    let union = Set(masks.joined())
    let areDisjoint = union.count == masks.reduce(0) { $0 + $1.count }
    let share = areDisjoint ? masks[rankOnNode].count : union.count / masks.count
    return max(1, min(share, (quota ?? .max) / masks.count))
  }
}

extension Topology {
  /// What a rank tells the others: one line of text.
  struct Record: Equatable {
    let host: String
    /// Lowest rank on the node: what makes two ranks share a node, whatever the hosts are called.
    let leader: Int
    let rankOnNode: Int
    let cores: [Int]

    var line: String { "\(leader) \(rankOnNode) \(cores.map(String.init).joined(separator: ",")) \(host)" }
  }

  static func places(_ records: [Record]) -> [RankPlace] {
    let leaders = Set(records.map(\.leader)).sorted()
    let nodes = Dictionary(uniqueKeysWithValues: leaders.enumerated().map { ($1, $0) })
    return records.enumerated().map { rank, record in
      RankPlace(
        rank: rank, host: record.host, node: nodes[record.leader] ?? 0, rankOnNode: record.rankOnNode,
        cores: record.cores)
    }
  }
}

extension Topology.Record {
  /// Reads what `line` wrote; anything else is a programming mistake, for only this program writes it.
  init(line: Substring) {
    let fields = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard fields.count == 4, let leader = Int(fields[0]), let rankOnNode = Int(fields[1]) else {
      preconditionFailure("not a place: \(line)")
    }
    self.init(
      host: String(fields[3]), leader: leader, rankOnNode: rankOnNode,
      cores: fields[2].split(separator: ",").compactMap { Int($0) })
  }
}
