import Foundation
import Yams

/// A run configuration in YAML: the names of `launcher train`'s options with their values.
///
/// The key `decided`, under which a run records what followed from the machine, is skipped: those are not choices.
struct ConfigurationFile {
  /// The entries as `--name=value`, in the order of the file.
  let arguments: [String]

  /// Reads the file at `path`. Each entry passes the same checks as the flag of its name.
  init(contentsOf path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { throw ConfigurationFileError.missing(path: path) }
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ConfigurationFileError.unreadable(path: path)
    }
    let node: Node?
    do {
      node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
    } catch {
      // The lines after the first repeat the place in the file.
      let reason = "\(error)".split(separator: "\n").prefix(2).joined(separator: " ")
      throw ConfigurationFileError.notYAML(path: path, reason: reason)
    }
    guard let node else {
      arguments = []
      return
    }
    guard let mapping = node.mapping else { throw ConfigurationFileError.notYAML(path: path, reason: "no NAME: VALUE") }
    arguments = try mapping.compactMap { key, value in
      let name = key.scalar?.string ?? "\(key)"
      return name == "decided" ? nil : try Self.argument(name, value, path: path)
    }
  }

  private static func argument(_ name: String, _ value: Node, path: String) throws -> String {
    guard let scalar = value.scalar else {
      throw ConfigurationFileError.badEntry(path: path, name: name, reason: "one value must follow")
    }
    guard name != "config" else {
      throw ConfigurationFileError.badEntry(path: path, name: name, reason: "a file cannot name another one")
    }
    let argument = "--\(name)=\(scalar.string)"
    do {
      _ = try Train.parse([argument])
    } catch {
      throw ConfigurationFileError.badEntry(path: path, name: name, reason: Train.message(for: error))
    }
    return argument
  }
}

/// What is wrong with a configuration file.
enum ConfigurationFileError: Error, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String)
  case notYAML(path: String, reason: String)
  /// `name` is no option, or its value cannot be.
  case badEntry(path: String, name: String, reason: String)

  var status: ExitStatus {
    switch self {
    case .missing: .inputMissing
    case .unreadable: .inputOutput
    case .notYAML: .badData
    case .badEntry: .usage
    }
  }

  var description: String {
    switch self {
    case .missing(let path): "\(path): no such configuration file"
    case .unreadable(let path): "\(path): cannot be read"
    case .notYAML(let path, let reason): "\(path): not a configuration in YAML: \(reason)"
    case .badEntry(let path, let name, let reason): "\(path): \(name): \(reason)"
    }
  }
}
