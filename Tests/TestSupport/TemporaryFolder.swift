import Foundation

/// A folder of its own for one test, removed with everything in it when the last reference goes.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("unmix-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of `name` in the folder.
  package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes `bytes` to `name`, below folders that are made; its path.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    let parent = (self(name) as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
    return self(name)
  }

  /// Writes `text` to `name`, below folders that are made; its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

  /// Writes the program `text` to `name`, below folders that are made; its path.
  ///
  /// Another process writes it: one that a test in another thread starts just then would hold this one's open file, and the system
  /// starts no program that somebody may write to (ETXTBSY).
  @discardableResult
  package func writeProgram(_ text: String, to name: String) throws -> String {
    let source = try write(text, to: name + ".text")
    defer { try? FileManager.default.removeItem(atPath: source) }
    let outcome = try MPIRun("/usr/bin/install", ["-m", "755", source, self(name)], ranks: nil).run()
    precondition(outcome.succeeded, "\(outcome)")
    return self(name)
  }

  /// Makes `name` a symbolic link to `target`, in place of what stands there.
  package func link(_ name: String, to target: String) throws {
    try? FileManager.default.removeItem(atPath: self(name))
    try FileManager.default.createSymbolicLink(atPath: self(name), withDestinationPath: target)
  }

  /// What stands in `name`; nil where there is no such file.
  package func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: self(name)).map { Array($0) } }

  /// What stands in `name`. Throws where there is no such file.
  package func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: self(name))))
  }

  /// The names in the folder `name`.
  package func names(in name: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: self(name)))
  }
}
