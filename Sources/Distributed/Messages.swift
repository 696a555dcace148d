/// The messages that carry a buffer: MPI counts elements in 32 bits, so a long one goes in several, an empty one in none.
struct Messages: Sequence, IteratorProtocol {
  private var offset = 0
  private var rest: Int
  private let limit: Int

  /// Messages of `limit` elements and a last one of the remainder, `count` in all.
  init(of count: Int, limit: Int) {
    precondition(count >= 0 && limit > 0, "\(count) elements in messages of \(limit)")
    rest = count
    self.limit = limit
  }

  /// First element and number of elements of the next message.
  mutating func next() -> (offset: Int, count: Int32)? {
    guard rest > 0 else { return nil }
    let length = Swift.min(rest, limit)
    guard let count = Int32(exactly: length) else {
      preconditionFailure("a message of \(length) elements: MPI counts to \(Int32.max)")
    }
    defer {
      offset += length
      rest -= length
    }
    return (offset, count)
  }
}
