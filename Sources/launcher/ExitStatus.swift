import Dataset
import Distributed
import Glibc
import Model
import Training

/// What the program's exit code says: the codes of sysexits.h. Thrown where a command ends with a code and no message.
enum ExitStatus: Int32, Error {
  case done = 0
  case checkFailed = 1
  case usage = 64
  case badData = 65
  case inputMissing = 66
  case internalError = 70
  case system = 71
  case inputOutput = 74
  /// Stopped on request with a checkpoint saved: start the same command again.
  case stoppedOnRequest = 75

  /// The code for an error of any module.
  init(of error: any Error) {
    self =
      switch error {
      case let error as CommandError: error.status
      case let error as DatasetError:
        switch error.category {
        case .usage: .usage
        case .badData: .badData
        case .inputMissing: .inputMissing
        case .inputOutput: .inputOutput
        }
      case let error as CheckpointError:
        switch error.category {
        case .usage: .usage
        case .badData: .badData
        case .inputMissing: .inputMissing
        }
      case let error as RunError:
        switch error.category {
        case .usage: .usage
        case .internal: .internalError
        case .system: .system
        }
      case is SafeTensorsError, is SeparationError: .badData
      case is FileError: .inputOutput
      case is MPIError, is LaunchError: .system
      case is OneDNNError: .internalError
      default: .internalError
      }
  }
}

/// An error of a command itself: what is wrong, and the code it calls for.
struct CommandError: Error, CustomStringConvertible {
  let status: ExitStatus
  let description: String
}

/// Ends the process in order: MPI is left before.
func leave(_ status: ExitStatus) -> Never {
  var code = status
  do {
    try Session.finish()
  } catch {
    Console.write("launcher: \(error)", to: .standardError)
    if code == .done { code = .system }
  }
  exit(code.rawValue)
}
