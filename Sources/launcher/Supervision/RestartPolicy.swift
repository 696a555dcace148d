/// Whether a run that failed is started again, and how soon. Pure: numbers in, a decision out.
struct RestartPolicy {
  /// Restarts within ``period``: a run of weeks may lose a node now and then.
  let limit: Int
  /// Seconds before a restart after a failure that came after progress; doubled with every one that did not.
  let firstDelay: Int
  /// When the restarts within the last period were.
  private var times: [Duration] = []
  private var hasRestarted = false
  private var step: Int?
  private var failuresAtStep = 0

  /// Failures in a row without a new checkpoint that end it.
  static let mostAtOneStep = 3
  /// Seconds up to which the delay is doubled; a longer first one stays as it is.
  static let longestDoubledDelay = 60
  static let period = Duration.seconds(86_400)
  /// Exit codes after which another start would end alike or do harm: done, bad data, input missing, the folder taken over by
  /// another run, stopped on request.
  private static let final: Set<Int32> = [0, 65, 66, 73, 75]

  enum Decision: Equatable {
    /// Start again after so many seconds.
    case restart(delay: Int)
    /// For the reason given.
    case giveUp(String)
  }

  init(limit: Int, firstDelay: Int) { (self.limit, self.firstDelay) = (limit, firstDelay) }

  /// Whether a run that ended with `status` is left alone. A command line that was right once is right: usage (64) is then a
  /// run folder in use, which may pass.
  func leavesAlone(_ status: Int32) -> Bool { Self.final.contains(status) || (status == 64 && !hasRestarted) }

  /// Restarts within the last period, the last one included.
  var restarts: Int { times.count }

  /// What follows from a failure with exit code `status` and the newest checkpoint at `step`, nil where there is none, at `time` since the
  /// first start.
  mutating func failed(_ status: Int32, newestCheckpoint step: Int?, at time: Duration) -> Decision {
    // What is left of the failed run still holds the folder: no failure of the run itself, and not over within seconds.
    let isInUse = status == 64 && hasRestarted
    if !isInUse { failuresAtStep = failuresAtStep > 0 && self.step == step ? failuresAtStep + 1 : 1 }
    self.step = step
    guard failuresAtStep < Self.mostAtOneStep else {
      let place = step.map { "with the newest checkpoint at step \($0)" } ?? "before the first checkpoint"
      return .giveUp("\(failuresAtStep) failures in a row \(place)")
    }
    times.removeAll { time - $0 >= Self.period }
    guard restarts < limit else { return .giveUp("\(limit) restarts within a day were allowed (--max-restarts)") }
    times.append(time)
    hasRestarted = true
    if isInUse { return .restart(delay: max(firstDelay, Self.longestDoubledDelay)) }
    // Ten doublings take every first delay beyond the longest doubled one.
    return .restart(delay: max(firstDelay, min(Self.longestDoubledDelay, firstDelay << min(failuresAtStep - 1, 10))))
  }
}
