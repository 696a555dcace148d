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
    let entries = mapping.map { (name: $0.scalar?.string ?? "\($0)", value: $1) }.filter { $0.name != "decided" }
    arguments = try entries.map { try Self.argument($0.name, $0.value, path: path) }
    // What fits together need not fit the usual values one by one. Flags may still mend what does not fit together.
    guard (try? Train.parse(arguments)) == nil else { return }
    for (entry, argument) in zip(entries, arguments) {
      do {
        _ = try Train.parse([argument])
      } catch {
        throw ConfigurationFileError.badEntry(path: path, name: entry.name, reason: Train.message(for: error))
      }
    }
  }

  private static func argument(_ name: String, _ value: Node, path: String) throws -> String {
    guard let scalar = value.scalar else {
      throw ConfigurationFileError.badEntry(path: path, name: name, reason: "one value must follow")
    }
    guard name != "config" else {
      throw ConfigurationFileError.badEntry(path: path, name: name, reason: "a file cannot name another one")
    }
    return "--\(name)=\(scalar.string)"
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
