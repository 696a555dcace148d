import Testing

@testable import Distributed

struct TopologyTests {
  private func places(_ nodes: [[[Int]]]) -> [Topology.RankPlace] {
    var records: [Topology.Record] = []
    for (node, masks) in nodes.enumerated() {
      let leader = records.count
      for (index, mask) in masks.enumerated() {
        records.append(Topology.Record(host: "host\(node)", leader: leader, rankOnNode: index, cores: mask))
      }
    }
    return Topology.places(records)
  }

  @Test
  func disjointMasksAreKept() {
    let topology = Topology(places: places([[[0, 1, 2], [3, 4]]]), rank: 1, quota: nil)
    #expect(topology.threadsPerRank == 2)
    #expect(topology.coresAvailable == 2)
    #expect(!topology.oversubscribed)
  }

  @Test
  func sharedMasksAreDividedByTheRanksOfTheNode() {
    let all = Array(0..<8)
    let topology = Topology(places: places([[all, all, all], [all]]), rank: 0, quota: nil)
    #expect(topology.threadsPerRank == 2)
    #expect(topology.coresAvailable == 8)
    #expect(topology.ranksOnNode == 3)
    #expect(Topology(places: topology.places, rank: 3, quota: nil).threadsPerRank == 8)
  }

  @Test
  func overlappingMasksAreDividedByTheirUnion() {
    let topology = Topology(places: places([[[0, 1, 2], [2, 3]]]), rank: 1, quota: nil)
    #expect(topology.threadsPerRank == 2)
  }

  @Test
  func aQuotaCapsSharedAndOwnCores() {
    let all = Array(0..<64)
    #expect(Topology(places: places([[all]]), rank: 0, quota: 3).threadsPerRank == 3)
    #expect(Topology(places: places([[all]]), rank: 0, quota: 3).coresAvailable == 3)
    #expect(Topology(places: places([[all, all]]), rank: 0, quota: 6).threadsPerRank == 3)
    #expect(Topology(places: places([[[0, 1, 2, 3], [4, 5, 6, 7]]]), rank: 0, quota: 4).threadsPerRank == 2)
  }

  @Test
  func moreRanksThanCoresHaveOneThreadEach() {
    let topology = Topology(places: places([[[0, 1], [0, 1], [0, 1]]]), rank: 2, quota: nil)
    #expect(topology.threadsPerRank == 1)
    #expect(topology.oversubscribed)
    #expect(Topology(places: places([[Array(0..<8), Array(0..<8)]]), rank: 0, quota: 1).oversubscribed)
    #expect(!Topology(places: places([[[0], [1]]]), rank: 0, quota: nil).oversubscribed)
  }

  @Test
  func nodesAreNumberedByTheirLowestRank() {
    // Ranks dealt in turn to two nodes whose hosts happen to have one name.
    let records = [(0, 0), (1, 0), (0, 1), (1, 1)].map {
      Topology.Record(host: "pod", leader: $0.0, rankOnNode: $0.1, cores: [0])
    }
    let places = Topology.places(records)
    #expect(places.map(\.node) == [0, 1, 0, 1])
    #expect(places.map(\.rankOnNode) == [0, 0, 1, 1])
    #expect(Topology(places: places, rank: 3, quota: nil).ranksOnNode == 2)
  }

  @Test(arguments: ["node7", "a host of blanks", ""])
  func aRecordSurvivesItsJourney(host: String) {
    let record = Topology.Record(host: host, leader: 4, rankOnNode: 1, cores: [0, 2, 65])
    #expect(Topology.Record(line: Substring(record.line)) == record)
  }

  @Test
  func theAffinityMaskNamesItsBits() {
    #expect(Affinity.cores(ofMask: [0b1011, 0, 1 << 63]) == [0, 1, 3, 191])
    #expect(Affinity.cores(ofMask: []).isEmpty)
    #expect(!Affinity.cores.isEmpty && Affinity.cores == Affinity.cores.sorted())
  }
}
