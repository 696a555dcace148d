internal import Glibc

/// Time for measuring silence: it never goes back and stands still while the machine sleeps.
package enum MonotonicClock {
  /// Nanoseconds since some moment in the past (clock_gettime, CLOCK_MONOTONIC).
  package static var now: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Seconds from `start` to `end`; 0 where `end` is earlier.
  static func seconds(from start: UInt64, to end: UInt64) -> Double {
    end > start ? Double(end - start) / 1e9 : 0
  }
}
