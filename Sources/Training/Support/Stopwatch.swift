import Glibc

/// Wall time on the monotonic clock. Reading it allocates nothing.
struct Stopwatch {
  private var start = Self.now

  /// Seconds since some fixed moment.
  static var now: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Seconds since the last lap or the beginning.
  mutating func lap() -> Double {
    let now = Self.now
    defer { start = now }
    return now - start
  }

  /// Seconds since the last lap or the beginning, which stays where it was.
  var seconds: Double { Self.now - start }
}
