import Foundation
import Processes
import Training

/// Hands scripts to a batch system.
enum BatchSubmission {
  /// Gives the script at `path` to `submitter`, which answers on this program's outputs; its exit code.
  static func submit(_ path: String, by submitter: [String]) throws -> Int32 {
    do {
      return try SpawnedProcess(
        submitter + [path], environment: ProcessInfo.processInfo.environment, leadsGroup: false
      ).wait()
    } catch {
      throw SubmissionError(program: error.program, reason: error.reason)
    }
  }

  /// The same for a script that is no file yet, by one that nobody else can write and that is removed afterwards: the batch
  /// system keeps a copy.
  static func submit(text: String, by submitter: [String]) throws -> Int32 {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let path = folder.path + "/train"
    try FileSystem.writeAtomically(text, to: path)
    return try submit(path, by: submitter)
  }
}

/// A batch system's program that could not be started.
struct SubmissionError: Error, CustomStringConvertible {
  let program: String
  let reason: String

  var description: String {
    "\(program): cannot be started (\(reason)); submit on a host of the cluster, or print the script with --dry-run"
  }
}
