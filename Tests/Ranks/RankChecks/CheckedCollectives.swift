import Distributed
import Glibc

/// Every collective while they are compared between the ranks: comparing must not change them.
func checkCheckedCollectives() throws {
  let world = try Communicator.world()
  try world.checkCollectives()
  let duplicate = try world.duplicate()
  for communicator in [world, duplicate] {
    try checkCollectives(communicator)
    try checkPendingReductions(communicator)
  }
  // A part of the job is not compared, and must not disturb.
  try checkCollectives(try world.splitBySharedMemoryNode())
  if world.rank == 0 { write(line: "passed on \(world.size) ranks", to: STDOUT_FILENO) }
}

/// Rank `rank` differs from the others in the third of their collectives, in the way `name` says.
func disagreement(_ name: String, rank: Int) throws {
  let world = try Communicator.world()
  try world.checkCollectives()
  let other = try world.duplicate()
  try world.barrier()
  let isOdd = world.rank == rank
  var values = [Double](repeating: 1, count: isOdd && name == "disagree-size" ? 5 : 4)
  if !(isOdd && name == "disagree-skip") {
    try (isOdd && name == "disagree-communicator" ? other : world).allReduce(&values, .sum)
  }
  _ = try world.broadcast(text: "next", root: isOdd && name == "disagree-root" ? 1 : 0)
  throw Mistake("a disagreement was not found")
}
