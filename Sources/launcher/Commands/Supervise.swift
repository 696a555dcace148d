import ArgumentParser
import Distributed
import Glibc
import Training

/// `launcher supervise`. Knows no MPI: it starts mpirun and looks after it.
struct Supervise: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start a training run, and restart it from its newest checkpoint when it fails.",
    usage: "launcher supervise [OPTIONS] -- mpirun [...] launcher [train] --output DIR [...]",
    discussion: """
      Runs on the host where mpirun is started. A failed run is started again with --resume auto, or with the checkpoint that its --resume names. It is left alone after three \
      failures without a new checkpoint, and where a restart cannot help (exit codes 65, 66 and 73, and 64 at the first start). SIGTERM, SIGINT, SIGUSR1, \
      SIGUSR2, SIGXCPU and SIGHUP are passed on as SIGUSR1: the run stops with a checkpoint, and this command returns 75. A \
      second request ends the run at once. Open MPI's keepalive settings are given to mpirun unless the environment has them.
      """)

  @Option(parsing: .unconditional, help: "Most restarts within a day.")
  var maxRestarts = 10

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pause before a restart, doubled with each failure without progress.", valueName: "duration"))
  var backoff = DurationArgument(seconds: 1)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Time that processes have to end before they are killed.", valueName: "duration"))
  var grace = DurationArgument(seconds: 5)

  @Argument(parsing: .postTerminator, help: "The command to start.")
  var command: [String]

  func validate() throws {
    try check(maxRestarts, in: 0...1_000_000, "--max-restarts")
    try check(backoff.seconds, in: 0...86_400, "--backoff")
    do {
      _ = try SupervisedCommand(command)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    StopRequest.listenForRun()
    Output.outliveReaders()
    OrphanedProcesses.adopt()
    let command = try SupervisedCommand(command)
    let status = try supervise(command)
    fflush(nil)
    Glibc.exit(status)
  }

  /// Starts `command` until it is done or hopeless; the exit code.
  private func supervise(_ command: SupervisedCommand) throws -> Int32 {
    let checkpoints = RunFolder(existing: command.output).checkpoints
    var policy = RestartPolicy(limit: maxRestarts, firstDelay: backoff.seconds)
    let (begin, since) = (ContinuousClock.now, TimeLimit.now)
    var words = command.words
    var expectsHeartbeats = false
    while true {
      let run = SupervisedRun(
        words: words, grace: grace.seconds, expectsHeartbeats: expectsHeartbeats, since: since)
      let ending = try run.run()
      expectsHeartbeats = expectsHeartbeats || ending.wasHeard
      if ending.wasAskedToStop { return Self.statusAfterRequest(ending.status, wasHeard: ending.wasHeard) }
      guard !policy.leavesAlone(ending.status) else { return ending.status }
      let (step, place) = Self.newest(of: checkpoints)
      switch policy.failed(ending.status, newestCheckpoint: step, at: ContinuousClock.now - begin) {
      case .giveUp(let reason):
        Output.note("supervise: the run failed with exit code \(ending.status), \(place); not again: \(reason)")
        return ending.status
      case .restart(let delay):
        Output.note(
          "supervise: the run failed with exit code \(ending.status), \(place); restart \(policy.restarts) of at most "
            + "\(maxRestarts) within a day, in \(delay) s")
        guard Self.waits(seconds: delay) else { return ExitStatus.stopped.rawValue }
      }
      words = command.resumed
    }
  }

  /// The exit code of a run that was asked to stop: 75 too where the request came before it listened and ended it. One that was
  /// heard of listens.
  static func statusAfterRequest(_ status: Int32, wasHeard: Bool) -> Int32 {
    status == 128 + SIGUSR1 && !wasHeard ? ExitStatus.stopped.rawValue : status
  }

  /// The newest checkpoint's step, and that in words. A disk that cannot be read may be what the run failed of: it is tried again.
  private static func newest(of checkpoints: CheckpointFolder) -> (step: Int?, place: String) {
    do {
      let step = try checkpoints.steps().last
      return (step, step.map { "the newest checkpoint is step \($0)" } ?? "there is no checkpoint")
    } catch {
      return (nil, oneLine("\(error)"))
    }
  }

  /// Waits; false where a request to stop came.
  private static func waits(seconds: Int) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end && !StopRequest.hasCome { usleep(50_000) }
    return !StopRequest.hasCome
  }
}
