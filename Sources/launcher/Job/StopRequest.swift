import Glibc

/// Requests to stop from outside: SIGUSR1 (batch systems, before the time limit), SIGTERM, SIGINT.
///
/// The first one is remembered and the run ends after its step with a checkpoint; a second one ends the process at once.
enum StopRequest {
  /// Written by the signal handler; a plain word, so that the handler may.
  nonisolated(unsafe) private static var isSet: sig_atomic_t = 0

  /// Whether one has come.
  static var hasCome: Bool { unsafe isSet != 0 }

  /// Starts listening.
  static func listen() {
    for number in [SIGUSR1, SIGTERM, SIGINT] { _ = signal(number, remember) }
  }

  private static let remember: @convention(c) (Int32) -> Void = { number in
    unsafe isSet = 1
    _ = signal(number, SIG_DFL)
  }
}
