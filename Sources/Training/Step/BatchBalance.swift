/// How many pairs of a global batch each rank gets.
package enum BatchBalance: String, Sendable, Codable, CaseIterable {
  /// As many as the others, or one more.
  case even
  /// As many as it does in the time of the others, measured once at the start; a resumed run keeps its own. See ``SpeedBalance``.
  case speed
}

extension KeyedDecodingContainer {
  /// `even` where there is no such key: files written before there was a choice. Takes the place of the standard library's, also
  /// in the decoders that the compiler writes.
  func decode(_ type: BatchBalance.Type, forKey key: Key) throws -> BatchBalance {
    try decodeIfPresent(type, forKey: key) ?? .even
  }
}
