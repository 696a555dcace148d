import ArgumentParser
import Foundation

/// A command and its options as the argument parser describes them.
struct CommandDescription: Decodable {
  var commandName: String
  var abstract: String?
  var discussion: String?
  var shouldDisplay: Bool
  var subcommands: [CommandDescription]?
  var arguments: [Argument]?

  /// An option, a flag or an argument by position.
  struct Argument: Decodable {
    enum Kind: String, Decodable { case positional, option, flag }
    struct Name: Decodable {
      enum Kind: String, Decodable { case long, short, longWithSingleDash }
      var kind: Kind
      var name: String

      /// As on the command line.
      var text: String { (kind == .long ? "--" : "-") + name }
    }

    var kind: Kind
    var shouldDisplay: Bool
    var sectionTitle: String?
    var isOptional: Bool
    var isRepeating: Bool
    var names: [Name]?
    var valueName: String?
    var defaultValue: String?
    var allValues: [String]?
    var abstract: String?

    /// All names, or the place's, with the value: `-o, --output <dir>`, `<input> ...`.
    var usage: String {
      let value = "<\(valueName ?? "value")>"
      guard kind != .positional else { return value + (isRepeating ? " ..." : "") }
      let all = (names ?? []).sorted { $0.kind == .short && $1.kind != .short }.map(\.text).joined(separator: ", ")
      return kind == .flag ? all : "\(all) \(value)"
    }
  }

  /// This program's: all of its commands.
  static let ofThisProgram: CommandDescription = {
    struct Whole: Decodable { var command: CommandDescription }
    do {
      return try JSONDecoder().decode(Whole.self, from: Data(Launcher._dumpHelp().utf8)).command
    } catch {
      preconditionFailure("the argument parser's description of this program cannot be read: \(error)")
    }
  }()

  /// The subcommands that people are to see; `help` is known from everywhere.
  var shownSubcommands: [CommandDescription] {
    (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
  }

  /// The arguments that people are to see, by sections in their first order, without those that every command has.
  var sections: [(title: String, arguments: [Argument])] {
    var sections: [(title: String, arguments: [Argument])] = []
    for argument in arguments ?? [] where argument.shouldDisplay {
      if ["help", "version"].contains(argument.names?.first?.name) { continue }
      let title = argument.sectionTitle ?? (argument.kind == .positional ? "Arguments" : "Options")
      if let index = sections.firstIndex(where: { $0.title == title }) {
        sections[index].arguments.append(argument)
      } else {
        sections.append((title, [argument]))
      }
    }
    return sections
  }
}
