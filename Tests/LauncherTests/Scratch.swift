import Foundation
import TestSupport
import Testing

/// A folder of a test's own, removed with it.
final class Scratch {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("launcher-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of `name` in the folder.
  func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Writes `text` to `name`; its path.
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: self(name)))
    return self(name)
  }

  /// The names in the folder `name`.
  func names(in name: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: self(name)))
  }
}

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
