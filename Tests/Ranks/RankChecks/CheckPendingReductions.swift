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

/// Sums of bf16: exact where 8 bits suffice, rounded to nearest even elsewhere, NaN and infinity kept, the same bits everywhere.
func checkBFloat16Sums(_ communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  func bits(_ value: Float) -> UInt16 { UInt16(value.bitPattern >> 16) }
  func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
  let queue = ReductionQueue(communicator: communicator, capacity: 64)
  try queue.prepareBFloat16()
  for elementsPerMessage in [1 << 30, 500] {
    communicator.elementsPerMessage = elementsPerMessage
    for count in [1, 7, 1003, 20_000] {
      var values = (0..<count).map { bits(Float((rank + $0) % 5) - 2 + Float($0 % 7)) }
      try sum(&values, queue)
      let expected = (0..<count).map { index in
        bits((0..<size).reduce(0) { $0 + Float(($1 + index) % 5) - 2 + Float(index % 7) })
      }
      try expect(values, equals: expected, "bf16 sums of \(count)")
    }
  }
  // 256 + 1 + 0 + ... lies between 256 and 258: the even one. 256 + 3 lies between 258 and 260.
  let first = rank == 0
  var special = [
    bits(first ? 256 : rank == 1 ? 1 : 0), bits(first ? 256 : rank == 1 ? 3 : 0), bits(first ? .nan : 1),
    bits(first ? .infinity : 1), bits(first ? -0.0 : 0),
  ]
  try sum(&special, queue)
  let pair = size > 1
  try expect(
    [special[0], special[1], special[3], special[4]],
    equals: [bits(256), bits(pair ? 260 : 256), bits(.infinity), bits(pair ? 0 : -0.0)], "bf16 roundings")
  guard value(special[2]).isNaN else { throw Mistake("NaN + 1 is \(value(special[2]))") }
  var extremes = special.map { Int64($0) }
  try communicator.allReduce(&extremes, .max)
  try expect(extremes.map { UInt16($0) }, equals: special, "bits of every rank")
}

private func sum(_ values: inout [UInt16], _ queue: ReductionQueue) throws {
  try unsafe values.withUnsafeMutableBufferPointer { buffer in
    var pending = queue.begin()
    let middle = buffer.count / 3
    for part in [middle..<buffer.count, 0..<middle] {
      try unsafe pending.post(bfloat16: UnsafeMutableBufferPointer(rebasing: buffer[part]))
      try pending.progress()
    }
    try pending.wait()
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
