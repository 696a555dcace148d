import Distributed
import Glibc

/// Sums between four nodes that are four ranks. Prints the algorithm, and the sums that the elements of one buffer have.
///
/// Every element has the addends 1e8, 1, -1e8 and 1, whose sum depends on the order: up a tree all elements are 0, while round
/// a ring the order differs from quarter to quarter of the buffer.
func checkSumAlgorithm() throws {
  let world = try Communicator.world()
  let sums = try NodeSums(count: 0, grouping: .single, communicator: world)
  guard let lane = sums.lane, let algorithm = sums.algorithm else { throw Mistake("no sums between nodes") }
  let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 40_000)
  defer { unsafe values.deallocate() }
  unsafe values.initialize(repeating: [1e8, 1, -1e8, 1][world.rank % 4])
  var pending = ReductionQueue(communicator: lane, capacity: 1).begin()
  try unsafe pending.post(values)
  try pending.wait()
  let found = unsafe Set(values).sorted().map { "\($0)" }.joined(separator: " ")
  if world.rank == 0 { write(line: "\(algorithm.rawValue): \(found)", to: STDOUT_FILENO) }
}
