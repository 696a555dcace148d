package import Distributed
package import Model

/// What decides the rounding of a run beside its configuration: recorded in every checkpoint.
///
/// A resume under an equal plan goes on as if it had never stopped, bit for bit.
package struct RunPlan: Sendable, Codable, Equatable {
  package var ranks: Int
  /// Bytes of one gradient message.
  package var bucketBytes: Int
  /// How gradients travel between nodes.
  package var wire: GradientWire
  /// The node of every rank, as gradients are added up: within a node in shared memory, between nodes by messages. nil in
  /// checkpoints that were written when all went by messages.
  package var nodes: [Int]?
  /// How the MPI library adds up between nodes; nil where it does not, and in checkpoints from before it was chosen here.
  package var algorithm: SumAlgorithm?
  /// Threads of each rank.
  package var threads: Int
  package var precision: Precision
  /// One name, or each rank's where they differ.
  package var instructionSet: String
  /// How the 3x3 convolutions are computed, ``plainSums`` or otherwise, in words; each rank's where they differ. nil in checkpoints from
  /// when there was one way.
  package var convolutions: String?
  /// Name and version of the MPI library, whose algorithms add the gradients.
  package var mpi: String
  /// Version of oneDNN.
  package var oneDNN: String
  /// First pair and end of every slice of the global batch.
  package var slices: [[Int]]
  /// How many slices any number of ranks computes; nil where each rank has one.
  package var fixedSlices: Int?
}

extension RunPlan {
  /// The plan of `configuration` on these ranks and their machines. Collective, and the same on every rank.
  ///
  /// `nodes`, `algorithm` and `slicing` are those of its ``TrainingStep``.
  package init(
    _ configuration: RunConfiguration, nodes: [Int], algorithm: SumAlgorithm?, slicing: Slicing,
    communicator: Communicator
  ) throws {
    (self.nodes, self.algorithm) = (nodes, algorithm)
    ranks = communicator.size
    bucketBytes = configuration.bucketBytes
    wire = configuration.wire
    threads = configuration.threads
    precision = configuration.precision
    instructionSet = try Self.ofRanks(InstructionSet.inUse.rawValue, communicator)
    let usesWinograd = configuration.network.usesWinograd(configuration.precision)
    convolutions = try Self.ofRanks(usesWinograd ? "Winograd's algorithm" : Self.plainSums, communicator)
    mpi = Communicator.libraryVersion
    oneDNN = oneDNNVersion()
    fixedSlices = configuration.slices
    slices = slicing.slices.map { [$0.lowerBound, $0.upperBound] }
  }

  static let plainSums = "plain sums"

  /// What every rank says of itself, once where all say the same. Collective.
  private static func ofRanks(_ own: String, _ communicator: Communicator) throws -> String {
    let all = try communicator.gather(text: own, root: 0)
    let text = Set(all).count == 1 ? all[0] : all.joined(separator: ", ")
    return try communicator.broadcast(text: text, root: 0)
  }

  /// Whether gradients are added up by messages alone, of every rank to every other.
  package var usesMessagesAlone: Bool { nodes.map { Set($0).count == ranks } ?? true }

  /// How gradients are added up, in words.
  package var reduction: String { Self.reduction(nodes: nodes ?? Array(0..<ranks), algorithm: algorithm) }

  /// How gradients are added up where `nodes` are the nodes of the ranks.
  static func reduction(nodes: [Int], algorithm: SumAlgorithm? = nil) -> String {
    let sizes = nodes.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }.sorted { $0.key < $1.key }.map(\.value)
    let between = algorithm.map { $0 == .ownChoice ? " (the MPI library's own choice)" : " (\($0.rawValue))" } ?? ""
    if sizes.allSatisfy({ $0 == 1 }) { return sizes.count == 1 ? "one rank" : "messages" + between }
    return "shared memory on "
      + (sizes.count == 1
        ? "one node" : "nodes of \(sizes.map(String.init).joined(separator: "+")), messages\(between)")
  }

  /// The algorithm, where it decides the order of additions: two nodes' sums have one.
  private var decidingAlgorithm: SumAlgorithm? {
    Set(nodes ?? Array(0..<ranks)).count > 2 ? algorithm ?? .ownChoice : nil
  }

  /// Who adds up with whom, in words.
  private var grouping: String { Self.reduction(nodes: nodes ?? Array(0..<ranks)) }

  private func algorithmDifference(from old: RunPlan) -> String? {
    guard let now = decidingAlgorithm, let before = old.decidingAlgorithm, now != before else { return nil }
    return "sums between nodes by \(now.rawValue) instead of \(before.rawValue)"
  }

  /// What differs from the plan of a checkpoint, in words; empty where nothing does.
  package func differences(from old: RunPlan) -> [String] {
    func text(_ slices: Int?) -> String { slices.map(String.init) ?? "none" }
    func difference<Value: Equatable>(_ name: String, _ now: Value, _ before: Value) -> String? {
      now == before ? nil : "\(name) \(now) instead of \(before)"
    }
    // Fixed slices are added in one order of this program's own, whatever ranks, messages and MPI library there are.
    let hasOwnOrder = fixedSlices != nil && fixedSlices == old.fixedSlices
    let dealing =
      hasOwnOrder
      ? []
      : [
        difference("ranks", ranks, old.ranks), difference("bucket bytes", bucketBytes, old.bucketBytes),
        ranks == old.ranks ? difference("sums of gradients by", grouping, old.grouping) : nil,
        algorithmDifference(from: old),
        difference("wire", wire.rawValue, old.wire.rawValue), difference("MPI", mpi, old.mpi),
        difference("fixed slices", text(fixedSlices), text(old.fixedSlices)),
      ]
    let machine = [
      difference("threads", threads, old.threads), difference("precision", precision, old.precision),
      difference("instruction set", instructionSet, old.instructionSet), difference("oneDNN", oneDNN, old.oneDNN),
      difference("convolutions by", convolutions ?? Self.plainSums, old.convolutions ?? Self.plainSums),
    ]
    let found = (dealing + machine).compactMap { $0 }
    if !found.isEmpty { return found }
    let isElsewhere = !hasOwnOrder && nodes != old.nodes && !(usesMessagesAlone && old.usesMessagesAlone)
    return (isElsewhere ? ["ranks on other nodes"] : []) + (slices != old.slices ? ["other slices"] : [])
  }
}
