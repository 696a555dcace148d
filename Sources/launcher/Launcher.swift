import ArgumentParser

/// The whole command line. What each command does is in its own type; without a subcommand it trains.
struct Launcher: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "launcher",
    abstract: "Unmix: trains a U-Net over MPI that separates the average of two pictures back into the two.",
    usage: """
      launcher [train] [OPTIONS]
      launcher COMMAND [OPTIONS]
      mpirun -n 4 launcher [train] [OPTIONS]
      """,
    discussion: """
      Start it alone for one process, or by mpirun or srun for several ranks. Samples and steps do not depend on their number, save for rounding. \
      Results go to standard output, everything else to standard error.

      Exit codes: 0 done, 1 a check failed, 64 usage, 65 bad data, 66 input missing, 70 internal, 71 MPI or system, \
      73 the run folder is another run's, 74 reading or writing, 75 stopped on request with a checkpoint saved.
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Watch.self, Supervise.self, Submit.self, Evaluate.self, Separate.self, Demo.self, ReportCommand.self,
      Export.self, ImportCommand.self,
      CheckpointCommand.self, Verify.self,
      Replay.self, Benchmark.self, DataCommand.self, Info.self, Reference.self,
    ],
    defaultSubcommand: Train.self)
}
