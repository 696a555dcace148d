import Foundation

/// The committed files of Tests/Fixtures.
package enum Fixtures {
  /// Three steps of a small network in float64: see the README there.
  package static let tinyStep = path("tiny-step.safetensors")
  /// The references that tests stand on: the committed one, and the published network's where UNMIX_REFERENCE names it.
  package static let references =
    [tinyStep] + [ProcessInfo.processInfo.environment["UNMIX_REFERENCE"]].compactMap { $0 }.filter { !$0.isEmpty }
  /// A checkpoint of the first version of the format, after step 3 of 6.
  package static let checkpointOfVersion1 = path("checkpoint-version-1.safetensors")

  /// The batch script `name` that `launcher submit` writes.
  package static func submitted(_ name: String) -> String { path("submit/" + name) }
  /// The folder of the sources.
  package static let root = path("../..")

  private static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/" + name).standardizedFileURL.path
  }
}
