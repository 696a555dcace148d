import ArgumentParser

/// What makes a run stop with a checkpoint before its end (exit code 75).
struct StopOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Signals that ask the run to stop, of USR1, USR2, TERM, INT, XCPU and HUP. A second one, a second later, ends it at once.",
      valueName: "names"))
  var stopSignals = StopSignalList(signals: StopSignal.usual)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Wall time of the job, from the start of this program, or of supervise: 90s, 10m, 2h, 1d or HH:MM:SS. Default: what "
        + "SLURM_JOB_END_TIME leaves, else none.", valueName: "duration"))
  var timeLimit: DurationArgument?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How long before the limit the run stops.", valueName: "duration"))
  var stopBefore = DurationArgument(seconds: 120)

  /// Throws where the run would stop before it starts.
  func check() throws {
    guard let timeLimit, timeLimit.seconds <= stopBefore.seconds else { return }
    throw ValidationError(
      "--time-limit: \(timeLimit) is over when the run stops, --stop-before \(stopBefore) before the end; give more, or a "
        + "smaller --stop-before")
  }

  /// The limit as rank 0 sees it; `start` is the start of this program in seconds since 1970, and counts where `supervise` did not start it.
  func limit(start: Int) -> TimeLimit? {
    let supervised = environmentVariable(TimeLimit.startVariable).flatMap { Int($0) }
    return TimeLimit(
      limit: timeLimit?.seconds, margin: stopBefore.seconds, start: supervised ?? start,
      slurm: environmentVariable(TimeLimit.slurmVariable))
  }
}
