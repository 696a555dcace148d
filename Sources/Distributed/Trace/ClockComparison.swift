/// A rank's clock beside rank 0's at one moment.
package struct ClockComparison: Sendable, Equatable {
  /// The moment, nanoseconds on the rank's own ``MonotonicClock``.
  package var time: Int64
  /// What rank 0's clock is ahead, nanoseconds.
  package var lead: Int64
  /// `lead` is right to this many nanoseconds: half of the fastest round trip of a message.
  package var uncertainty: Int64

  package init(time: Int64, lead: Int64, uncertainty: Int64) {
    (self.time, self.lead, self.uncertainty) = (time, lead, uncertainty)
  }
}
