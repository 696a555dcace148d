/// The last marks of this rank's work, in memory that is there from the start: taking one allocates nothing.
///
/// For the thread that works alone; see ``ProgressBoard/trace``.
@safe
package final class TraceBuffer {
  /// Most marks that are kept, the newest.
  package let capacity: Int
  /// Marks taken so far, those that were given up too.
  package private(set) var count = 0
  /// Time and code of each mark, one after the other; mark i at i modulo `capacity`.
  private let numbers: UnsafeMutablePointer<Int64>
  private let clock: () -> UInt64

  /// Room for `capacity` marks; `clock` gives nanoseconds.
  package init(capacity: Int, clock: @escaping () -> UInt64 = { MonotonicClock.now }) {
    precondition(capacity > 0, "a trace of \(capacity) marks")
    self.capacity = capacity
    self.clock = clock
    unsafe numbers = .allocate(capacity: 2 * capacity)
    unsafe numbers.initialize(repeating: 0, count: 2 * capacity)
  }

  deinit { unsafe numbers.deallocate() }

  func add(_ kind: TraceMark.Kind) {
    let mark = TraceMark(time: Int64(clock()), kind)
    let place = 2 * (count % capacity)
    unsafe numbers[place] = mark.time
    unsafe numbers[place + 1] = mark.code
    count += 1
  }

  /// Time and code of every mark that is kept, the oldest first.
  private var content: [Int64] {
    (max(0, count - capacity)..<count).flatMap { number in
      let place = 2 * (number % capacity)
      return unsafe [numbers[place], numbers[place + 1]]
    }
  }

  /// Every rank's kept marks, the oldest first, in rank order at rank 0; nothing elsewhere. Collective.
  package func gather(over communicator: Communicator) throws -> [[TraceMark]] {
    let content = content
    let counts = try communicator.gather([Int64(content.count / 2)], root: 0)
    let all = try communicator.gather(content, root: 0)
    var begin = 0
    return counts.map { count in
      defer { begin += 2 * Int(count) }
      return stride(from: begin, to: begin + 2 * Int(count), by: 2).compactMap {
        TraceMark(time: all[$0], code: all[$0 + 1])
      }
    }
  }
}
