internal import CMPI

extension Communicator {
  /// Every rank's clock beside rank 0's, in rank order at rank 0; nothing elsewhere. Collective (MPI_Send, MPI_Recv).
  ///
  /// Rank 0 asks each rank in turn `rounds` times for its time and takes the answer that came back fastest: it was given halfway
  /// (Cristian 1989). `clock` gives nanoseconds.
  package func compareClocks(
    rounds: Int = 50, clock: () -> UInt64 = { MonotonicClock.now }
  ) throws -> [ClockComparison] {
    precondition(rounds > 0, "\(rounds) rounds of comparing clocks")
    try begin(.clocks)
    defer { ProgressBoard.own.leave() }
    guard rank == 0 else {
      for _ in 0..<rounds {
        _ = try receiveTime(from: 0)
        try send(time: Int64(clock()), to: 0)
      }
      return []
    }
    let own = ClockComparison(time: Int64(clock()), lead: 0, uncertainty: 0)
    return try [own]
      + (1..<size).map { rank in
        var best: ClockComparison?
        for _ in 0..<rounds {
          let asked = Int64(clock())
          try send(time: asked, to: rank)
          let answer = try receiveTime(from: rank)
          let trip = Int64(clock()) - asked
          // Of an odd trip the half is rounded up: the truth lies within.
          let found = ClockComparison(time: answer, lead: asked + trip / 2 - answer, uncertainty: (trip + 1) / 2)
          if found.uncertainty < best?.uncertainty ?? .max { best = found }
        }
        guard let best else { preconditionFailure("no round trip to rank \(rank)") }
        return best
      }
  }

  private static var clockTag: Int32 { 3 }

  private func send(time: Int64, to rank: Int) throws {
    var time = time
    traffic.add(1, of: Int64.self)
    try check(
      unsafe CMPI_send(&time, 1, MessageType.int64.raw, Int32(rank), Self.clockTag, handle, yields), "MPI_Send")
  }

  private func receiveTime(from rank: Int) throws -> Int64 {
    var time: Int64 = 0
    try check(
      unsafe CMPI_recv(&time, 1, MessageType.int64.raw, Int32(rank), Self.clockTag, handle, yields), "MPI_Recv")
    return time
  }
}
