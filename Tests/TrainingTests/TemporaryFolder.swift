import Foundation

/// A folder of its own that goes with its last user.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("unmix-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name)))) }

  func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: file(name))) }

  /// Makes `name` a symbolic link to `target`, in place of what stands there.
  func link(_ name: String, to target: String) throws {
    try? FileManager.default.removeItem(atPath: file(name))
    try FileManager.default.createSymbolicLink(atPath: file(name), withDestinationPath: target)
  }
}
