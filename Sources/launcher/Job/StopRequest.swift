import Glibc

/// Requests to stop, as signals to this process.
///
/// The first one is remembered, and the run ends with a checkpoint after the step, validation or evaluation batch at hand. One
/// that comes a second or more later ends the process at once: files change by renaming, so none is torn. What comes within the
/// second is the same request on another way: batch systems signal mpirun and its ranks, which hear of it twice.
///
/// A process that looks after a run passes the first on to it, and remembers the second too.
enum StopRequest {
  /// Milliseconds within which signals are one request.
  private static let oneRequest = 1000

  // Written by the signal handler: plain words, so that it may.
  nonisolated(unsafe) private static var firstNumber: sig_atomic_t = 0
  nonisolated(unsafe) private static var firstTime = 0
  nonisolated(unsafe) private static var isRepeated = false
  nonisolated(unsafe) private static var remembersAll = false

  /// The signal that came first; nil where none has.
  static var signal: StopSignal? {
    let number = unsafe firstNumber
    return number == 0 ? nil : StopSignal.allCases.first { $0.number == number }
  }

  /// Whether one has come.
  static var hasCome: Bool { unsafe firstNumber != 0 }
  /// Whether another one came after it; never where that ends the process.
  static var hasComeTwice: Bool { unsafe isRepeated }

  /// Starts listening to `signals`; the other ones of ``StopSignal`` do what they do without this program's help.
  ///
  /// Called before MPI is started: a request during the start must not end the process.
  static func listen(to signals: [StopSignal] = StopSignal.usual) {
    prepare(remembersAll: false)
    for candidate in StopSignal.allCases {
      if signals.contains(candidate) {
        _ = Glibc.signal(candidate.number, remember)
      } else if StopSignal.usual.contains(candidate) {
        _ = Glibc.signal(candidate.number, SIG_DFL)
      }
    }
  }

  /// Starts listening on behalf of a run that this process looks after: to what asks one to stop, and to SIGHUP unless nohup has
  /// it ignored.
  static func listenForRun() {
    prepare(remembersAll: true)
    for candidate in StopSignal.usual { _ = Glibc.signal(candidate.number, remember) }
    let before = Glibc.signal(SIGHUP, SIG_IGN)
    let isIgnored = unsafe unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    if !isIgnored { _ = Glibc.signal(SIGHUP, remember) }
  }

  /// Ends this process by the signal that asked for it, as if nobody had listened; returns where none has.
  static func obey() {
    guard hasCome else { return }
    fflush(nil)
    let number = unsafe firstNumber
    _ = Glibc.signal(number, SIG_DFL)
    raise(number)
  }

  /// Makes the variables before a handler can run: it must not be the one to initialise them.
  private static func prepare(remembersAll: Bool) {
    unsafe (firstTime, firstNumber, isRepeated) = (firstTime, firstNumber, isRepeated)
    unsafe Self.remembersAll = remembersAll
  }

  private static let remember: @convention(c) (Int32) -> Void = { number in
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let now = time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    if unsafe firstNumber == 0 {
      unsafe firstTime = now
      unsafe firstNumber = number
    } else if unsafe now - firstTime >= oneRequest {
      guard unsafe !remembersAll else {
        unsafe isRepeated = true
        return
      }
      // Ends the process as if nobody had listened, once this handler returns.
      _ = Glibc.signal(number, SIG_DFL)
      raise(number)
    }
  }
}
