import Foundation

/// One run of a built program, as ranks under mpirun or alone.
///
///     let outcome = try MPIRun("launcher", ["verify", "--json"], ranks: 4, limit: .seconds(120)).run()
///     #expect(outcome.succeeded, "\(outcome)")
///
/// The program is found beside the test bundle: name its target among the test target's dependencies. It sees this
/// process's environment without what MPI and Slurm left there (a second mpirun would take itself for a rank of the
/// first), plus `environment`. A run that takes longer than `limit` is killed with all its processes and reported as
/// `timedOut`, so a hang is a failed test. Suites that use this are `.serialized`: ranks compete for the cores.
///
/// mpirun's own output is part of standard error. MPICH's mpiexec.hydra is used where UNMIX_MPI is `mpich`.
package struct MPIRun: Sendable {
  /// Name of an executable target, or a path.
  package var program: String
  package var arguments: [String]
  /// Number of ranks; nil starts one process without any launcher.
  package var ranks: Int?
  /// Variables set for the ranks, over those inherited.
  package var environment: [String: String]
  /// Wall time after which the run counts as hung.
  package var limit: Duration
  /// Folder to run in; nil is this process's.
  package var folder: String?

  package init(
    _ program: String, _ arguments: [String] = [], ranks: Int?, environment: [String: String] = [:],
    limit: Duration = .seconds(60), folder: String? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.ranks = ranks
    self.environment = environment
    self.limit = limit
    self.folder = folder
  }

  /// How a run ended.
  package struct Outcome: Sendable, CustomStringConvertible {
    package let command: String
    /// Exit status; 128 plus the signal's number where a signal ended it, as shells say it.
    package let exitCode: Int32
    package let timedOut: Bool
    package let standardOutput: String
    package let standardError: String
    package let duration: Duration

    package var succeeded: Bool { exitCode == 0 && !timedOut }

    /// Everything that a failed expectation should show.
    package var description: String {
      """
      \(command)
      \(timedOut ? "killed: hung for" : "exit code \(exitCode) after") \(duration)
      --- standard output
      \(standardOutput)
      --- standard error
      \(standardError)
      """
    }
  }

  /// Starts the program and waits for its end.
  package func run() throws -> Outcome { try start().wait() }

  /// Starts the program, for tests that act on it while it runs; it is killed with the last reference to what is returned.
  package func start() throws -> RunningProgram {
    let place = folder.map { ["env", "-C", $0] } ?? []
    return try RunningProgram(command: place + command, environment: environmentOfRun, limit: limit)
  }

  private var command: [String] {
    let path = program.contains("/") ? program : Self.builtProducts + "/" + program
    guard let ranks else { return [path] + arguments }
    if Self.isMPICH {
      return ["mpiexec.hydra", "-n", "\(ranks)", path] + arguments
    }
    return ["mpirun", "--oversubscribe", "--allow-run-as-root", "-n", "\(ranks)", path] + arguments
  }

  private var environmentOfRun: [String: String] {
    let prefixes = ["OMPI_", "PMIX_", "PMI_", "ORTE_", "OPAL_", "MPI_LOCAL", "HYDRA_", "HYDI_", "SLURM_"]
    let inherited = ProcessInfo.processInfo.environment.filter { name, _ in
      !prefixes.contains { name.hasPrefix($0) }
    }
    return inherited.merging(environment) { $1 }
  }

  /// Whether the package is built against MPICH.
  package static var isMPICH: Bool { ProcessInfo.processInfo.environment["UNMIX_MPI"] == "mpich" }

  /// The folder of the test bundle, where the package's executables lie too.
  package static var builtProducts: String {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
  }
}
