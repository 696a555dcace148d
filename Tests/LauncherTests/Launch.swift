import Foundation
import TestSupport
import Testing

/// Runs the built program; `ranks` nil starts it without mpirun. No data is named by the environment.
func launch(
  _ arguments: [String], ranks: Int? = nil, environment: [String: String] = [:], folder: String? = nil
) throws -> MPIRun.Outcome {
  try launcher(arguments, ranks: ranks, environment: environment, folder: folder).run()
}

/// The built program with generous time: a loaded machine takes tens of seconds for four ranks.
func launcher(
  _ arguments: [String], ranks: Int? = nil, environment: [String: String] = [:], folder: String? = nil
) -> MPIRun {
  MPIRun(
    "launcher", arguments, ranks: ranks, environment: ["UNMIX_DATA": ""].merging(environment) { $1 },
    limit: .seconds(300), folder: folder)
}

extension MPIRun.Outcome {
  /// The last line of standard output as a JSON object.
  func json() throws -> [String: Any] {
    let line = try #require(standardOutput.split(separator: "\n").last, "\(self)")
    return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(self)")
  }

  /// How often `text` stands in standard error.
  func mentions(_ text: String) -> Int { standardError.components(separatedBy: text).count - 1 }
}
