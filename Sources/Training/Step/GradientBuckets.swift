/// Cuts a flat gradient into messages, in the order in which a backward pass completes it: from the end.
///
/// Buckets are counted from the end of the buffer. The first is a quarter of the others, so that the network has something to
/// send early in the backward pass. Their bounds depend on the configuration alone, never on the clock, so every rank posts the
/// same messages in the same order and a run adds in the same order each time.
struct GradientBuckets {
  /// Elements of the gradient.
  let count: Int
  /// Elements of the first bucket and of every other but the last.
  let (first, others): (Int, Int)
  /// Elements from here to the end are complete.
  private var completeFrom: Int
  /// Elements from here to the end were handed out.
  private var handedOutFrom: Int

  /// Nothing complete yet. `bytes` are those of a message's f32 elements.
  init(count: Int, bytes: Int) {
    precondition(count >= 0 && bytes > 0, "\(count) elements in buckets of \(bytes) bytes")
    self.count = count
    others = max(1, bytes / MemoryLayout<Float>.stride)
    first = max(1, others / 4)
    (completeFrom, handedOutFrom) = (count, count)
  }

  /// Messages of one step, at least 1.
  var messageCount: Int { count <= first ? 1 : 1 + (count - first + others - 1) / others }

  /// The elements of message `number`, counted from 0 at the end of the buffer.
  subscript(number: Int) -> Range<Int> {
    precondition(number >= 0 && number < messageCount, "message \(number) of \(messageCount)")
    let end = number == 0 ? count : count - first - (number - 1) * others
    return max(0, end - (number == 0 ? first : others))..<end
  }

  /// Whether every element was handed out.
  var isEmpty: Bool { handedOutFrom == 0 }

  /// Takes note that `range`, which must end where the last one began, is complete.
  mutating func complete(_ range: Range<Int>) {
    precondition(
      range.upperBound == completeFrom,
      "gradients \(range) are complete, but \(range.upperBound)..<\(completeFrom) are not")
    completeFrom = range.lowerBound
  }

  /// The next bucket whose elements are all complete.
  mutating func next() -> Range<Int>? {
    guard handedOutFrom > 0 else { return nil }
    let begin = max(0, handedOutFrom - (handedOutFrom == count ? first : others))
    guard begin >= completeFrom else { return nil }
    defer { handedOutFrom = begin }
    return begin..<handedOutFrom
  }
}
