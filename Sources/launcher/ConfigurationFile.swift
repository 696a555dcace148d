import ArgumentParser
import Foundation
import Yams

/// `--config FILE.yaml`: options under their own names, put before the command line's, so that flags win.
enum ConfigurationFile {
  /// The arguments with the file's options in front of the others, behind the subcommand.
  /// Throws `CommandError`: 66 without the file, 64 where it is no mapping of option names to values.
  static func expand(_ arguments: [String]) throws -> [String] {
    guard let place = arguments.firstIndex(where: { $0 == "--config" || $0.hasPrefix("--config=") }) else {
      return arguments
    }
    var rest = arguments
    let path: String
    if let equals = rest[place].firstIndex(of: "=") {
      path = String(rest[place][rest[place].index(after: equals)...])
      rest.remove(at: place)
    } else {
      guard place + 1 < rest.count else {
        throw CommandError(status: .usage, description: "--config: the name of a YAML file is missing")
      }
      path = rest[place + 1]
      rest.removeSubrange(place...place + 1)
    }
    let options = try options(in: path)
    let isSubcommand = rest.first.map { !$0.hasPrefix("-") } ?? false
    return isSubcommand ? [rest[0]] + options + rest.dropFirst() : options + rest
  }

  private static func options(in path: String) throws -> [String] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandError(status: .inputMissing, description: "--config: cannot read \(path)")
    }
    guard let node = try? Yams.compose(yaml: text), let mapping = node.mapping else {
      throw CommandError(
        status: .usage,
        description: "--config: \(path) is no YAML mapping of option names to values, as in \"epochs: 3\"")
    }
    // A run's own config.yaml can be given back: what it adds under `decided` is a record, not a request.
    return try mapping.filter { $0.key.string != "decided" }.flatMap { key, value -> [String] in
      guard let name = key.string, let scalar = value.scalar else {
        throw CommandError(
          status: .usage, description: "--config: \(path): \(key.string ?? "a key") has no single value")
      }
      switch scalar.string {
      case "true": return ["--\(name)"]
      case "false": return []
      default: return ["--\(name)=\(scalar.string)"]
      }
    }
  }
}
