/// The pairs that a validation looks at.
package enum ValidationPairs: Sendable, Equatable {
  /// The first ones of the stream: the same after every epoch, and in batches of any size.
  case first
  /// Those of an epoch, counted from 0, which are other ones in batches of another size.
  case epoch(Int)
}
