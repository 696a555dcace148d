import ArgumentParser
import Glibc

/// A signal by which a batch system, an administrator or a person asks a run to stop.
enum StopSignal: String, CaseIterable, Codable {
  case usr1 = "USR1"
  case usr2 = "USR2"
  case term = "TERM"
  case int = "INT"
  case xcpu = "XCPU"
  case hup = "HUP"

  /// Its number (signal.h).
  var number: Int32 {
    switch self {
    case .usr1: SIGUSR1
    case .usr2: SIGUSR2
    case .term: SIGTERM
    case .int: SIGINT
    case .xcpu: SIGXCPU
    case .hup: SIGHUP
    }
  }

  /// Those that ask unless told otherwise: batch systems before the limit (USR1, USR2, XCPU) and at it (TERM), and Ctrl-C.
  /// HUP, a closed terminal, is left to nohup.
  static let usual: [StopSignal] = [.usr1, .usr2, .term, .int, .xcpu]
}

/// `--stop-signals`: names with commas between them, with or without SIG.
struct StopSignalList: ExpressibleByArgument, CustomStringConvertible, Codable {
  var signals: [StopSignal]

  init(signals: [StopSignal]) { self.signals = signals }

  init?(argument: String) {
    let names = argument.uppercased().split(separator: ",").map { $0.hasPrefix("SIG") ? $0.dropFirst(3) : $0 }
    let signals = names.compactMap { StopSignal(rawValue: String($0)) }
    guard !signals.isEmpty, signals.count == names.count else { return nil }
    self.signals = signals
  }

  var description: String { signals.map(\.rawValue).joined(separator: ",") }
  var defaultValueDescription: String { description }
}
