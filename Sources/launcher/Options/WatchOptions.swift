import ArgumentParser
import Distributed

/// `--stall-timeout`, `--heartbeat-interface`, `--check-collectives`.
struct WatchOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "End the job, with the ranks that are missing named, when no step, batch or file was finished for this long; 0 for "
        + "never. Default: ten times the median step, at least 60s.", valueName: "duration"))
  var stallTimeout: DurationArgument?

  @Option(
    help: ArgumentHelp(
      "Network interface of the ranks' heartbeats between hosts. Default: all that are up.", valueName: "name"))
  var heartbeatInterface: String?

  @Flag(help: "Compare every collective between the ranks before it is carried out. Slow; for finding mistakes.")
  var checkCollectives = false

  /// What rank 0 decided.
  struct Decision: Codable {
    var settings: WatchdogSettings
    var checkCollectives: Bool
  }

  /// Rank 0's, with its environment.
  func decision() -> Decision {
    Decision(
      settings: WatchdogSettings(
        program: "launcher", stallTimeout: stallTimeout?.seconds, interface: heartbeatInterface,
        supervisor: environmentVariable(SupervisorAddress.variable)),
      checkCollectives: checkCollectives)
  }
}

extension Job {
  /// Watches this job as rank 0 decided, from here on. Collective.
  func watch(_ decision: WatchOptions.Decision) throws {
    if decision.checkCollectives { try communicator.checkCollectives() }
    let spansHosts = Set(topology.places.map(\.node)).count > 1
    _ = try everywhere { try decision.settings.checkInterface(toOtherHosts: spansHosts) }
    try Watchdog.start(decision.settings, communicator: communicator, topology: topology)
  }
}
