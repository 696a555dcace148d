import Glibc

/// Date and time of day in this machine's time zone.
@safe
struct LocalTime {
  private let parts: tm

  /// The present moment.
  static var now: LocalTime { LocalTime(secondsSince1970: time(nil)) }

  /// A moment as the system counts it.
  init(secondsSince1970 seconds: Int) {
    var (seconds, parts) = (seconds, unsafe tm())
    unsafe localtime_r(&seconds, &parts)
    unsafe self.parts = parts
  }

  /// As in 2025-02-15 09:05:07, with `separator` in the middle and `colon` within the time.
  func text(between separator: String, colon: String = ":") -> String {
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = unsafe ["\(Int(parts.tm_year) + 1900)", two(parts.tm_mon + 1), two(parts.tm_mday)].joined(separator: "-")
    let time = unsafe [two(parts.tm_hour), two(parts.tm_min), two(parts.tm_sec)].joined(separator: colon)
    return date + separator + time
  }
}
