import ArgumentParser

/// An amount of memory on the command line: a whole number and its unit, `512M` or `4G`; units are powers of 1024.
struct MemorySize: ExpressibleByArgument, Equatable {
  let amount: Int
  let unit: Unit

  enum Unit: Character, CaseIterable {
    case kibi = "K"
    case mebi = "M"
    case gibi = "G"
    case tebi = "T"

    var bytes: Int {
      switch self {
      case .kibi: 1 << 10
      case .mebi: 1 << 20
      case .gibi: 1 << 30
      case .tebi: 1 << 40
      }
    }
  }

  /// nil for everything else, also for a number alone: Slurm would count it in megabytes, PBS in bytes.
  init?(argument: String) {
    guard let unit = argument.last.flatMap({ Unit(rawValue: Character($0.uppercased())) }) else { return nil }
    let digits = argument.dropLast()
    guard (1...6).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }), let amount = Int(digits),
      amount > 0
    else { return nil }
    (self.amount, self.unit) = (amount, unit)
  }

  var bytes: Int { amount * unit.bytes }

  /// As Slurm writes it: `4G`.
  var slurm: String { "\(amount)\(unit.rawValue)" }

  /// As PBS writes it: `4gb`.
  var pbs: String { "\(amount)\(unit.rawValue.lowercased())b" }
}
