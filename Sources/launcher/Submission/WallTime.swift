import ArgumentParser

/// The wall time of a job, as Slurm's manual has it and PBS users write it: `90` (minutes), `MM:SS`, `HH:MM:SS`, `D-HH`, `D-HH:MM`
/// or `D-HH:MM:SS`.
struct WallTime: ExpressibleByArgument, CustomStringConvertible, Equatable {
  let seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let days = argument.split(separator: "-", omittingEmptySubsequences: false)
    guard let clock = days.last, days.count <= 2 else { return nil }
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    // Five digits of minutes are two months, and no sum of such numbers overflows.
    let isNumeric = (days.dropLast() + parts).allSatisfy { part in
      (1...5).contains(part.count) && part.allSatisfy { $0.isASCII && $0.isNumber }
    }
    guard isNumeric else { return nil }
    let numbers = parts.compactMap { Int($0) }
    let units: [Int]
    switch (days.count, numbers.count) {
    case (1, 1): units = [60]
    case (1, 2): units = [60, 1]
    case (1, 3), (2, 3): units = [3600, 60, 1]
    case (2, 1): units = [3600]
    case (2, 2): units = [3600, 60]
    default: return nil
    }
    // What follows a larger unit stays below it.
    guard numbers.dropFirst().allSatisfy({ $0 < 60 }), days.count == 1 || numbers[0] < 24 else { return nil }
    let day = days.count == 2 ? Int(days[0]) ?? 0 : 0
    seconds = day * 86_400 + zip(numbers, units).map { $0 * $1 }.reduce(0, +)
  }

  /// `HH:MM:SS`, which Slurm and PBS read alike. A number alone is minutes to the one and seconds to the other.
  var description: String {
    [seconds / 3600, seconds / 60 % 60, seconds % 60].map(Self.twoDigits).joined(separator: ":")
  }

  var defaultValueDescription: String { description }

  /// In words: `4 h`, `1 h 30 min`, `45 s`.
  var words: String {
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")].filter { $0.0 > 0 }
    return parts.isEmpty ? "0 s" : parts.map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
