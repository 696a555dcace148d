import ArgumentParser
import Dataset
import Distributed
import Glibc
import Interchange
import Model
import Training

/// What the program's exit code says, by the numbers of sysexits.h. The one place where errors become exit codes.
enum ExitStatus: Int32, Codable {
  case done = 0
  /// The command did its work and the answer is no.
  case checkFailed = 1
  /// The command line, or an option's value.
  case usage = 64
  /// A file that is there and wrong.
  case badData = 65
  /// A file or folder that is named and not there.
  case inputMissing = 66
  /// A mistake of the program, or numbers that left the finite ones.
  case `internal` = 70
  /// MPI, or the way the ranks were started.
  case system = 71
  /// The run folder is another run's for good: nothing to start again. sysexits calls it EX_CANTCREAT.
  case takenOver = 73
  /// Reading, writing or the network.
  case inputOutput = 74
  /// A checkpoint is saved; the same command goes on from it.
  case stopped = 75

  /// Ends this process without any more ado.
  func exit() -> Never {
    fflush(nil)
    Glibc.exit(rawValue)
  }
}

extension ExitStatus {
  /// The status that `error` calls for.
  init(_ error: any Error) {
    switch error {
    case let failure as JobFailure: self = failure.status
    case let error as DatasetError: self = Self.status(of: error)
    case let error as SafeTensorsError: self = Self.status(of: error)
    case let error as CheckpointError: self = Self.status(of: error)
    case let error as RunError: self = Self.status(of: error)
    case is KerasWeightsError: self = .badData
    case let error as SeparationError: self = error.category == .usage ? .usage : .badData
    case let error as ReportError: self = error.category == .inputMissing ? .inputMissing : .badData
    case let error as ConfigurationFileError: self = error.status
    case let error as FileError: self = error.operation == .read && error.code == ENOENT ? .inputMissing : .inputOutput
    case is RunFolderError: self = .inputMissing
    case let error as RunLockError: self = error.category == .usage ? .usage : .takenOver
    case let error as LoggedProcessError: self = error.status
    case let error as MeasurementError: self = error.status
    case is UsageError, is InterfaceError: self = .usage
    case is ShippedWeights.Missing: self = .inputMissing
    case is PeerError: self = .checkFailed
    case is StoppedWhileLoading: self = .stopped
    case is MPIError, is LaunchError, is SubmissionError, is CollectiveMismatch, is SocketError, is ResumeProofError:
      self = .system
    case is OneDNNError: self = .internal
    default:
      // The argument parser gives the code of a failure to what is none of its own errors.
      let code = Launcher.exitCode(for: error)
      self = code == .failure ? .internal : ExitStatus(rawValue: code.rawValue) ?? .internal
    }
  }

  private static func status(of error: DatasetError) -> ExitStatus {
    switch error.category {
    case .usage: .usage
    case .badData: .badData
    case .inputMissing: .inputMissing
    case .inputOutput: .inputOutput
    }
  }

  private static func status(of error: SafeTensorsError) -> ExitStatus {
    switch error.category {
    case .inputMissing: .inputMissing
    case .badData: .badData
    case .inputOutput: .inputOutput
    }
  }

  private static func status(of error: CheckpointError) -> ExitStatus {
    switch error.category {
    case .usage: .usage
    case .badData: .badData
    case .inputMissing: .inputMissing
    }
  }

  private static func status(of error: RunError) -> ExitStatus {
    switch error.category {
    case .usage: .usage
    case .internal: .internal
    case .system: .system
    }
  }
}

/// An option that cannot be, found after the command line was parsed.
struct UsageError: Error, CustomStringConvertible {
  /// What it is called on the command line.
  let option: String
  let reason: String
  var description: String { "\(option): \(reason)" }
}

/// A request to stop that came before the first step: there is nothing to save.
struct StoppedWhileLoading: Error, CustomStringConvertible {
  var description: String {
    "asked to stop before the first step; the same command starts, or goes on, as it would have"
  }
}
