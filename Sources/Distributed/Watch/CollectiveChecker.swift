internal import CMPI

/// Compares what the ranks are about to do together, before they do it: for finding mistakes, at a price of one small message
/// for each collective.
///
/// Shared by all communicators of the whole job that are made after it, on a duplicate of its own: ranks that call collectives of
/// different communicators meet here too. A rank that skips a collective is found at the first one after it that differs in
/// communicator, kind, size, root, phase or step.
final class CollectiveChecker {
  private let communicator: Communicator
  private var sequence = 0

  /// Collective over `communicator`'s ranks, which are all of the job.
  init(_ communicator: Communicator) throws { self.communicator = try communicator.duplicate() }

  /// Throws ``CollectiveMismatch`` on every rank where they are not about to do the same. Collective.
  func check(_ call: CollectiveCall) throws {
    sequence += 1
    let numbers = [Int64(sequence)] + call.numbers
    // The least value of a number is minus the greatest of its negative.
    var extremes = numbers + numbers.map { -$0 }
    try communicator.allReduce(&extremes, .max)
    let count = numbers.count
    guard (0..<count).contains(where: { extremes[$0] != -extremes[count + $0] }) else { return }
    let texts = try communicator.gather(text: call.text, root: 0)
    let all = try communicator.broadcast(text: texts.joined(separator: "\n"), root: 0)
    throw CollectiveMismatch(
      sequence: sequence, calls: all.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
  }
}

/// One rank's part in a collective, as far as all ranks have to agree on it.
struct CollectiveCall {
  var kind: CollectiveKind
  /// Of the communicator: its number in the order in which the job's communicators were made.
  var communicator: Int
  /// Elements; 0 where they may differ.
  var count: Int
  var type: MessageType?
  /// -1 where there is none.
  var root: Int
  /// What the rank is doing.
  var status: RankStatus

  var numbers: [Int64] {
    [
      Int64(kind.rawValue), Int64(communicator), Int64(count), Int64(type?.number ?? -1), Int64(root),
      Int64(status.step), Int64(status.phase.rawValue),
    ]
  }

  var text: String {
    let what = count > 0 ? " of \(count) \(type.map { "\($0)" } ?? "elements")" : ""
    let place = root >= 0 ? " with root \(root)" : ""
    return
      "\(kind.name)\(what)\(place) on communicator \(communicator) in \(status.phase.name) after step \(status.step)"
  }
}

/// The ranks were about to do different things together.
package struct CollectiveMismatch: Error, Equatable, CustomStringConvertible {
  /// Number of the collective, from 1, since the checking began.
  package let sequence: Int
  /// What each rank was about to do, in rank order.
  package let calls: [String]

  package var description: String {
    let groups = Dictionary(grouping: calls.indices) { calls[$0] }
    // The fewest are the likeliest to be wrong.
    let sorted = groups.sorted { ($0.value.count, $0.value[0]) < ($1.value.count, $1.value[0]) }
    let texts = sorted.map { "\(StallVerdict.rankList($0.value)) \($0.value.count == 1 ? "calls" : "call") \($0.key)" }
    return "the ranks disagree on checked collective \(sequence): " + texts.joined(separator: "; ")
  }
}

extension MessageType {
  fileprivate var number: Int {
    switch self {
    case .float32: 0
    case .float64: 1
    case .int64: 2
    case .uint8: 3
    }
  }
}
