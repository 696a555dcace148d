/// A moment of a rank's work: what began or ended there.
package struct TraceMark: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The work turned to a phase; the one before ended.
    case phase(RankPhase)
    /// A collective began.
    case collective(CollectiveKind)
    /// The collective at hand ended.
    case left
    /// A step, counted from 1, is complete, and with it the phase.
    case step(Int)
  }

  /// Nanoseconds on the rank's ``MonotonicClock``.
  package var time: Int64
  package var kind: Kind

  package init(time: Int64, _ kind: Kind) { (self.time, self.kind) = (time, kind) }
}

// As two numbers, for a buffer and for messages.
extension TraceMark {
  private enum Tag: Int64 {
    case phase = 0
    case collective = 1
    case left = 2
    case step = 3
  }

  /// Kind and number in one: the number times four and the kind.
  var code: Int64 {
    func packed(_ tag: Tag, _ number: Int) -> Int64 { Int64(number) << 2 | tag.rawValue }
    return switch kind {
    case .phase(let phase): packed(.phase, Int(phase.rawValue))
    case .collective(let kind): packed(.collective, Int(kind.rawValue))
    case .left: packed(.left, 0)
    case .step(let step): packed(.step, step)
    }
  }

  /// The mark with this `code`; nil where no mark has it.
  init?(time: Int64, code: Int64) {
    self.time = time
    let number = Int(code >> 2)
    switch Tag(rawValue: code & 3) {
    case .phase:
      guard let phase = UInt8(exactly: number).flatMap(RankPhase.init) else { return nil }
      kind = .phase(phase)
    case .collective:
      guard let collective = UInt8(exactly: number).flatMap(CollectiveKind.init) else { return nil }
      kind = .collective(collective)
    case .left: kind = .left
    case .step: kind = .step(number)
    case nil: return nil
    }
  }
}
