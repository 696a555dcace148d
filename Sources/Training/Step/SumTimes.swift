import Distributed

/// How long a rank was in sums over the ranks, and how long of it for others to come.
struct SumTimes {
  /// Set: all ranks meet before every sum, which tells the waiting from the summing.
  var measuresWaiting = false
  private var (waited, summed) = (0.0, 0.0)

  /// Runs `sum`, before which the ranks of `communicator` meet where that is measured. Collective.
  mutating func measure(meetingOn communicator: Communicator, _ sum: () throws -> Void) throws {
    let watch = Stopwatch()
    if measuresWaiting { waited += try communicator.secondsToMeet() }
    try sum()
    summed += watch.seconds
  }

  /// Seconds of waiting since the last call.
  mutating func takeWaited() -> Double {
    defer { waited = 0 }
    return waited
  }

  /// Seconds of all since the last call.
  mutating func takeSumSeconds() -> Double {
    defer { summed = 0 }
    return summed
  }
}
