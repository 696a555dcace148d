import ArgumentParser

/// A span of time on the command line: `90`, `90s`, `10m`, `2h`, `1d`, or `HH:MM:SS` as batch systems write it.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible {
  /// At least 0, at most a hundred years.
  let seconds: Int

  private static let longest = 100 * 366 * 86_400

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    guard let seconds = Self.clock(argument) ?? Self.amount(argument), seconds <= Self.longest else { return nil }
    self.seconds = seconds
  }

  /// `5s` or `2h`, in the largest unit that divides it.
  var description: String {
    for (suffix, length) in [("d", 86_400), ("h", 3600), ("m", 60)] where seconds > 0 && seconds % length == 0 {
      return "\(seconds / length)\(suffix)"
    }
    return "\(seconds)s"
  }

  var defaultValueDescription: String { description }

  private static func clock(_ text: String) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.count <= 6 && $0.allSatisfy(\.isASCIIDigit) }) else {
      return nil
    }
    let numbers = parts.compactMap { Int($0) }
    guard numbers[1] < 60, numbers[2] < 60 else { return nil }
    return numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
  }

  private static func amount(_ text: String) -> Int? {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    let unit = text.last.flatMap { units[$0] }
    let digits = unit == nil ? text[...] : text.dropLast()
    guard !digits.isEmpty, digits.count <= 12, digits.allSatisfy(\.isASCIIDigit), let number = Int(digits) else {
      return nil
    }
    return number * (unit ?? 1)
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
