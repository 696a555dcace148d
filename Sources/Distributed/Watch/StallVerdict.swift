/// Who holds a job up, as far as one rank can tell from the heartbeats it received. Pure: values in, words out.
struct StallVerdict {
  /// What one rank knows of another, or of itself.
  struct Observation: Equatable {
    var rank: Int
    var host: String
    /// What it last said; nil where nothing was ever received.
    var status: RankStatus?
    /// Seconds since it last said something; 0 for the observer itself.
    var silence: Double
  }

  /// The ranks that the observer listens to and itself, in rank order.
  let observations: [Observation]
  /// Seconds of silence after which a rank counts as missing.
  let silenceLimit: Double

  /// Those that are missing.
  var missing: [Observation] { observations.filter { $0.status == nil || $0.silence > silenceLimit } }

  private var present: [(observation: Observation, status: RankStatus)] {
    observations.compactMap { observation in
      guard let status = observation.status, observation.silence <= silenceLimit else { return nil }
      return (observation, status)
    }
  }

  /// One line about a job that has not moved for `idle` seconds since step `step`.
  func line(idle: Double, step: Int) -> String {
    "no progress for \(Int(idle)) s after step \(step): \(cause)"
  }

  /// The ranks to suspect first, then what the others wait for.
  private var cause: String {
    let waiting = present.filter { $0.status.kind != nil }
    if !missing.isEmpty {
      return (missing.map(Self.text(missing:)) + Self.groups(waiting) + stuck).joined(separator: "; ")
    }
    if !stuck.isEmpty { return (stuck + Self.groups(waiting)).joined(separator: "; ") }
    let collectives = Set(waiting.map { [$0.status.collective, Int($0.status.kind?.rawValue ?? 0)] })
    if collectives.count == 1 {
      return "no rank is missing, and all wait, so messages do not arrive: " + Self.groups(waiting).joined()
    }
    return "the ranks disagree: " + Self.groups(waiting).joined(separator: "; ")
      + "; --check-collectives names the first such collective"
  }

  /// Ranks that are there and in no collective: the others wait for them.
  private var stuck: [String] {
    present.filter { $0.status.kind == nil }.map { rank in
      "\(Self.name(rank.observation)) is stuck in \(rank.status.phase.name), in no collective since number "
        + "\(rank.status.collective)"
    }
  }

  private static func text(missing: Observation) -> String {
    guard let status = missing.status else { return "\(name(missing)) was never heard of" }
    return "\(name(missing)) not heard of for \(Int(missing.silence)) s (last \(status.text))"
  }

  private static func name(_ observation: Observation) -> String { "rank \(observation.rank) on \(observation.host)" }

  /// One text for the ranks that wait in the same collective, those that are behind first.
  private static func groups(_ waiting: [(observation: Observation, status: RankStatus)]) -> [String] {
    let groups = Dictionary(grouping: waiting) { Place($0.status) }
    return groups.sorted { $0.key < $1.key }.map { place, members in
      let hosts = Set(members.map(\.observation.host)).sorted()
      let ranks = rankList(members.map(\.observation.rank))
      let verb = members.count == 1 ? "waits" : "wait"
      let shown = hosts.count > 4 ? "\(hosts.count) hosts" : hosts.joined(separator: ", ")
      return "\(ranks) on \(shown) \(verb) in collective \(place.collective) (\(place.kind))"
    }
  }

  private struct Place: Hashable, Comparable {
    let collective: Int
    let kind: String

    init(_ status: RankStatus) { (collective, kind) = (status.collective, status.kind?.name ?? "none") }

    static func < (a: Place, b: Place) -> Bool { (a.collective, a.kind) < (b.collective, b.kind) }
  }

  /// `rank 3`, `ranks 0-2, 5`.
  static func rankList(_ ranks: [Int]) -> String {
    var parts: [ClosedRange<Int>] = []
    for rank in ranks.sorted() {
      if let last = parts.last, last.upperBound + 1 == rank {
        parts[parts.count - 1] = last.lowerBound...rank
      } else {
        parts.append(rank...rank)
      }
    }
    let text = parts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return (ranks.count == 1 ? "rank " : "ranks ") + text.joined(separator: ", ")
  }
}
