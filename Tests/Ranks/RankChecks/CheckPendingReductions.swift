import Distributed

/// Steps of several nonblocking sums each, progressed, beside blocking sums on another communicator, over one queue.
func checkPendingReductions(_ communicator: Communicator) throws {
  let other = try communicator.duplicate()
  for elementsPerMessage in [1 << 30, 500] {
    communicator.elementsPerMessage = elementsPerMessage
    let queue = ReductionQueue(communicator: communicator, capacity: 256)
    for step in 0..<20 {
      try checkStep(step, queue, communicator, other)
    }
  }
}

private func checkStep(
  _ step: Int, _ queue: ReductionQueue, _ communicator: Communicator, _ other: Communicator
) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let count = 40_000
  let bounds = [count, 39_999, 30_000, 29_000, 29_000, 1000, 0]
  var values = (0..<count).map { Float(10 * ((rank + $0 + step) % size) + $0 % 7) }
  try unsafe values.withUnsafeMutableBufferPointer { buffer in
    // A step without any reduction is a step too.
    var pending = queue.begin()
    if step % 5 != 4 {
      for (upper, lower) in zip(bounds, bounds.dropFirst()) {
        try unsafe pending.post(UnsafeMutableBufferPointer(rebasing: buffer[lower..<upper]))
        var sum = [Double(rank + step)]
        try other.allReduce(&sum, .sum)
        try expect(sum, equals: [Double(size * (size - 1) / 2 + size * step)], "sum beside pending sums")
        try pending.progress()
      }
    }
    try pending.wait()
  }
  let expected = (0..<count).map { index in
    step % 5 == 4
      ? Float(10 * ((rank + index + step) % size) + index % 7)
      : Float(10 * size * (size - 1) / 2 + size * (index % 7))
  }
  try expect(values, equals: expected, "nonblocking sums of step \(step)")
}
