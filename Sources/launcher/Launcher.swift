import ArgumentParser
import Distributed

/// The command line: parses, builds, runs, turns errors into exit codes. No arithmetic, no MPI calls of its own.
@main
struct Launcher: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "launcher",
    abstract: "Trains a U-Net that separates the average of two pictures back into the two.",
    discussion: """
      Without a subcommand it trains. Start it alone, under mpirun (mpirun -n 4 launcher) or under srun; a run is the same \
      for any number of ranks. Results go to standard output, everything else to standard error.

      Exit codes: 0 done, 1 a check failed, 64 usage, 65 bad data, 66 input missing, 70 internal, 71 MPI or system, \
      74 input/output, 75 stopped on request with a checkpoint saved.
      """,
    subcommands: [
      Train.self, Evaluate.self, Separate.self, Verify.self, Export.self, DataCommand.self, Benchmark.self, Info.self,
    ], defaultSubcommand: Train.self)

  static func main() {
    do {
      let arguments = try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst()))
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      exit(for: error)
    }
    leave(.done)
  }

  /// Prints why the program ends and ends it, on every rank of the job.
  private static func exit(for error: any Error) -> Never {
    if let status = error as? ExitStatus { leave(status) }
    let code = Self.exitCode(for: error)
    if code != .failure {
      // Help, or a mistake in the arguments: all ranks find the same, one of them says it.
      if isFirstRankByEnvironment {
        let text = fullMessage(for: error)
        Console.write(text, to: code == .success ? .standardOutput : .standardError)
      }
      leave(ExitStatus(rawValue: code.rawValue) ?? .usage)
    }
    let status = ExitStatus(of: error)
    Console.write("launcher: \(Session.describe(error))", to: .standardError)
    guard Session.isStarted else { leave(status) }
    Communicator.abort(code: status.rawValue)
  }
}
