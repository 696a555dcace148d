import Foundation
import Yams

/// A run configuration in YAML: the names of `launcher train`'s options with their values.
///
/// The key `decided`, under which a run records what followed from the machine, is skipped: those are not choices. A flag's value
/// is true or false.
struct ConfigurationFile {
  private let path: String
  /// The entries in the order of the file, each as `--name=value`, or `--name` for a flag; nil for a flag that is not set.
  private let entries: [(name: String, argument: String?)]

  /// Reads the file at `path`, where every entry is the name of an option. Throws ``ConfigurationFileError``.
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
    self.path = path
    guard let node else {
      entries = []
      return
    }
    guard let mapping = node.mapping else { throw ConfigurationFileError.notYAML(path: path, reason: "no NAME: VALUE") }
    entries = try mapping.map { (name: $0.scalar?.string ?? "\($0)", value: $1) }.filter { $0.name != "decided" }
      .map { ($0.name, try Self.argument($0.name, $0.value, path: path)) }
  }

  /// The command that the file and `flags` make together; flags win. What fits together need not fit the usual values one by one.
  ///
  /// Throws ``ConfigurationFileError`` for an entry that cannot be, else ``UsageError``.
  func train(with flags: [String]) throws -> Train {
    do {
      let train = try Train.parse(entries.compactMap(\.argument) + flags)
      try train.checkTogether()
      return train
    } catch {
      for case (let name, let argument?) in entries {
        do {
          _ = try Train.parse([argument])
        } catch {
          throw ConfigurationFileError.badEntry(path: path, name: name, reason: Train.message(for: error))
        }
      }
      throw UsageError(option: "with --config \(path)", reason: Train.message(for: error))
    }
  }

  /// nil for a flag that is not set.
  private static func argument(_ name: String, _ value: Node, path: String) throws -> String? {
    func bad(_ reason: String) -> ConfigurationFileError { .badEntry(path: path, name: name, reason: reason) }
    guard let scalar = value.scalar else { throw bad("one value must follow") }
    guard name != "config" else { throw bad("a file cannot name another one") }
    guard let kind = kinds[name] else {
      let nearest = NearestName.of(name, among: Array(kinds.keys)).map { ". Did you mean '--\($0)'?" } ?? ""
      throw bad("Unknown option '--\(name)'\(nearest)")
    }
    guard kind == .flag else { return "--\(name)=\(scalar.string)" }
    guard let isSet = ["true": true, "false": false][scalar.string] else {
      throw bad("\(scalar.string) is neither true nor false")
    }
    return isSet ? "--\(name)" : nil
  }

  /// The options that a file may hold, by their names, and `config`.
  private static let kinds: [String: CommandDescription.Argument.Kind] = {
    let train = CommandDescription.ofThisProgram.shownSubcommands.first { $0.commandName == Train._commandName }
    let arguments = train?.sections.flatMap(\.arguments) ?? []
    let pairs = arguments.flatMap { argument in
      (argument.names ?? []).filter { $0.kind == .long && $0.name != "help" }.map { ($0.name, argument.kind) }
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }()
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
