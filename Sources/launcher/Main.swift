import ArgumentParser
import Glibc

@main
enum Main {
  static func main() {
    do {
      try checkArguments()
      var command = try Launcher.parseAsRoot()
      try command.run()
      ExitStatus.done.exit()
    } catch {
      // Wrong usage, and --help: every rank comes here alike and one of them says it.
      if LaunchedRank.isRoot {
        let text = Launcher.fullMessage(for: error)
        if ExitStatus(error) == .done { Output.line(text) } else { Output.note(inOurForm(text)) }
      } else if ExitStatus(error) != .done {
        // A rank that ends with a failure makes mpirun end the others: not before rank 0 has spoken.
        sleep(5)
      }
      ExitStatus(error).exit()
    }
  }

  /// Throws ``UsageError`` for an argument that is no text: its bytes could not be told from those of another.
  private static func checkArguments() throws(UsageError) {
    for (number, argument) in CommandLine.arguments.enumerated()
    where unsafe CommandLine.unsafeArgv[number].flatMap({ unsafe String(validatingCString: $0) }) == nil {
      throw UsageError(option: "argument \(number)", reason: "'\(argument)' is not UTF-8; give a name that is")
    }
  }

  /// The argument parser begins with "Error: ", everything else here with the program's name, as Unix programs do.
  private static func inOurForm(_ text: String) -> String {
    guard text.hasPrefix("Error: ") else { return text }
    // Without a command it trains, so a misspelt one leads to complaints about training.
    let commands = Launcher.configuration.subcommands.map { $0._commandName }
    if let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), !commands.contains(word),
      let name = NearestName.of(word, among: commands)
    {
      return "launcher: there is no command '\(word)'; did you mean '\(name)'?"
    }
    return "launcher: " + text.dropFirst(7)
  }
}
