import Glibc

/// Requests to stop that reach `launcher supervise`: the first is passed on to the run, one a second or more later ends it.
enum SupervisorSignals {
  // Written by the signal handler: plain words.
  nonisolated(unsafe) private static var firstTime = 0
  nonisolated(unsafe) private static var isRepeated = false

  /// Whether a request has come.
  static var haveCome: Bool { unsafe firstTime != 0 }
  /// Whether another one came after it.
  static var haveComeTwice: Bool { unsafe isRepeated }

  /// Starts listening to what asks a run to stop; to SIGHUP unless nohup has it ignored.
  static func listen() {
    // Made before a handler can run: it must not be the one to initialise them.
    unsafe (firstTime, isRepeated) = (firstTime, isRepeated)
    for candidate in StopSignal.usual { _ = Glibc.signal(candidate.number, remember) }
    let before = Glibc.signal(SIGHUP, SIG_IGN)
    let isIgnored = unsafe unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    if !isIgnored { _ = Glibc.signal(SIGHUP, remember) }
  }

  private static let remember: @convention(c) (Int32) -> Void = { _ in
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let now = time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    if unsafe firstTime == 0 {
      unsafe firstTime = now
    } else if unsafe now - firstTime >= StopRequest.oneRequest {
      unsafe isRepeated = true
    }
  }
}
