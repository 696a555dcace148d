/// What a rank has handed to MPI: plain counts, so that a test can hold a step to a budget.
///
/// Bytes are those of the rank's own values, once, whatever the library's algorithm sends of them.
package struct Traffic: Sendable, Equatable {
  /// Messages that were started: collectives, and a gather's parts.
  package private(set) var messages = 0
  /// Bytes of the values in them.
  package private(set) var bytes = 0

  package init() {}

  /// Counts a message of `count` values.
  mutating func add<T>(_ count: Int32, of type: T.Type) {
    messages += 1
    bytes += Int(count) * MemoryLayout<T>.stride
  }

  /// What was counted between `earlier` and `later`.
  package static func - (later: Traffic, earlier: Traffic) -> Traffic {
    var difference = later
    difference.messages -= earlier.messages
    difference.bytes -= earlier.bytes
    return difference
  }
}
