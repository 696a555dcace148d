import Distributed

/// Clocks that differ by known amounts are found to differ by them, within the uncertainty that is told; and the marks of a rank's
/// buffer come to rank 0.
func checkClocks(_ communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  // Ranks of one host share a clock, so that these are all the difference there is.
  func ahead(_ rank: Int) -> Int64 { Int64(rank * rank) * 3_000_000_007 }
  let clock = { MonotonicClock.now + UInt64(ahead(rank)) }
  let before = Int64(MonotonicClock.now)
  let clocks = try communicator.compareClocks(rounds: 20, clock: clock)
  let after = Int64(MonotonicClock.now)
  guard clocks.count == (rank == 0 ? size : 0) else { throw Mistake("\(clocks.count) clocks on rank \(rank)") }
  for (other, found) in clocks.enumerated() {
    let error = abs(found.lead + ahead(other))
    guard error <= found.uncertainty, found.uncertainty < 1_000_000_000 else {
      throw Mistake("rank \(other) is \(found), wrong by \(error)")
    }
    guard (before...after).contains(found.time - ahead(other)) else {
      throw Mistake("rank \(other) compared at \(found.time), between \(before) and \(after)")
    }
  }
  guard clocks.first.map({ $0.lead == 0 && $0.uncertainty == 0 }) ?? true else { throw Mistake("rank 0 beside itself") }

  let buffer = TraceBuffer(capacity: 5, clock: { UInt64(rank) })
  let board = ProgressBoard()
  unsafe board.trace = buffer
  // Of 2 r marks the last five stay.
  for step in 0..<rank {
    board.enter(.forward)
    board.stepEnded(step)
  }
  let marks = try buffer.gather(over: communicator)
  let expected = (0..<size).map { rank in
    (0..<rank).flatMap { step in
      [TraceMark(time: Int64(rank), .phase(.forward)), TraceMark(time: Int64(rank), .step(step))]
    }.suffix(5)
  }
  guard marks == (rank == 0 ? expected.map { Array($0) } : []) else { throw Mistake("marks \(marks)") }
}
