import Distributed
import Glibc

/// Checks that run as ranks. Each subcommand ends with exit code 0 where all ranks found what they expected; any rank
/// that does not prints one line and ends the job with code 1.
@main
struct RankChecks {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
      try Communicator.finalize()
    } catch let error as Mistake {
      fail(error, code: 1)
    } catch let error as StandInError {
      fail(error, code: 74)
    } catch {
      fail(error, code: 71)
    }
  }

  private static func run(_ arguments: [String]) throws {
    let number = arguments.count > 1 ? Int(arguments[1]) ?? 0 : 0
    switch arguments.first {
    case "collectives": try onEveryCommunicator { try checkCollectives($0) }
    case "pending": try onEveryCommunicator { try checkPendingReductions($0) }
    case "clocks": try onEveryCommunicator { try checkClocks($0) }
    case "sleep": try checkSleep()
    case "tree": try onEveryCommunicator { try checkTreeSum($0) }
    case "bfloat16": try onEveryCommunicator { try checkBFloat16Sums($0) }
    case "checked": try checkCheckedCollectives()
    case "disagree-skip", "disagree-size", "disagree-root", "disagree-communicator":
      try disagreement(arguments[0], rank: number)
    case "node-sums": try checkNodeSums(folder: arguments.dropFirst().first)
    case "algorithm": try checkSumAlgorithm()
    case "topology": try checkTopology()
    case "throw": try throwing(rank: number)
    case "throw-pending": try throwingPastPendingReductions(rank: number)
    case "mismatch-broadcast", "mismatch-sum", "mismatch-pending-sum": try mismatchedLengths(arguments[0])
    case "die": try dying(rank: number)
    case "die-in-sums": try dyingInNodeSums(rank: number)
    case "hang": try hanging(rank: number)
    case "exit": try exiting(code: Int32(number))
    case "latency": try measureLatency()
    default: throw Mistake("unknown check \(arguments)")
    }
  }

  private static func fail(_ error: any Error, code: Int32) -> Never {
    write(line: "RankChecks: \(Communicator.failureLine(error))", to: STDERR_FILENO)
    Communicator.abort(code: code)
  }

  /// The world's duplicate, a duplicate of that and the node's communicator must all work alike.
  private static func onEveryCommunicator(_ check: (Communicator) throws -> Void) throws {
    let world = try Communicator.world()
    try check(world)
    try check(try world.duplicate())
    try check(try world.splitBySharedMemoryNode())
    if world.rank == 0 { write(line: "passed on \(world.size) ranks", to: STDOUT_FILENO) }
  }
}

/// Something that a check found wrong.
struct Mistake: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Stands for any error of a program that uses communicators.
struct StandInError: Error, CustomStringConvertible {
  let description: String
}

/// One write, so that lines of several ranks do not mix.
func write(line: String, to descriptor: Int32) {
  let bytes = Array("\(line)\n".utf8)
  _ = unsafe Glibc.write(descriptor, bytes, bytes.count)
}

/// Throws unless `found` is `expected`, elements and length; NaN equals nothing.
func expect<T: Equatable>(_ found: [T], equals expected: [T], _ what: @autoclosure () -> String) throws {
  guard found.count == expected.count else {
    throw Mistake("\(what()): \(found.count) elements instead of \(expected.count)")
  }
  for index in expected.indices where found[index] != expected[index] {
    throw Mistake("\(what()): element \(index) of \(found.count) is \(found[index]) instead of \(expected[index])")
  }
}

func expect<T: Equatable>(_ found: T, equals expected: T, _ what: @autoclosure () -> String) throws {
  guard found == expected else { throw Mistake("\(what()): \(found) instead of \(expected)") }
}
