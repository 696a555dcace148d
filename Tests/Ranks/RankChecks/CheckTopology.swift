import Distributed
import Glibc

/// All ranks must describe the same places. Rank 0 prints what it decided, for the test to compare.
func checkTopology() throws {
  let world = try Communicator.world()
  let topology = try Topology(world)
  try expect(topology.places.map(\.rank), equals: Array(0..<world.size), "ranks of the places")
  let descriptions = try world.gather(text: "\(topology.places)", root: 0)
  try expect(
    descriptions, equals: [String](repeating: "\(topology.places)", count: descriptions.count), "places of the ranks")
  guard world.rank == 0 else { return }
  write(
    line: "ranks \(world.size) on node \(topology.ranksOnNode) host \(topology.host) cores \(topology.coresAvailable) "
      + "threads \(topology.threadsPerRank) oversubscribed \(topology.oversubscribed)", to: STDOUT_FILENO)
}

/// Prints the mean microseconds of small blocking sums: what ranks lose that spin on a core that others need.
func measureLatency() throws {
  let world = try Communicator.world()
  let rounds = 2000
  var values = [Float](repeating: 1, count: 256)
  try world.barrier()
  let start = microseconds()
  for _ in 0..<rounds {
    values[0] = 1
    try world.allReduce(&values, .max)
  }
  let mean = Double(microseconds() - start) / Double(rounds)
  if world.rank == 0 { write(line: "\(world.size) ranks: \(mean) us per sum of 1 KB", to: STDOUT_FILENO) }
}
