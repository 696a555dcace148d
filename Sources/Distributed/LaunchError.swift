/// MPI could not be started in a way that a run could trust. A matter of the system: the caller can only start it otherwise.
package enum LaunchError: Error, Equatable, CustomStringConvertible, Sendable {
  /// `starter` started `tasks` processes (it says so in `variable`), but MPI knows a single rank: each process would do the
  /// whole work alone. `build` is the MPI that this program is compiled with.
  case singletonTrap(tasks: Int, variable: String, starter: RankStarter, build: MPIBuild)
  /// The library grants no thread level in which a program with threads may call MPI from one of them.
  case threadsUnsupported(library: String)
  /// MPI_Finalize was called before; MPI cannot be started twice in one process.
  case alreadyFinalized
  /// The system does not let this thread run on `cores`.
  case affinityRefused(cores: [Int], reason: String)

  package var description: String {
    switch self {
    case .singletonTrap(let tasks, let variable, let starter, let build):
      "\(starter.name) started \(tasks) tasks (\(variable)=\(tasks)), but MPI sees one rank, and every task would work alone. "
        + "The program is built with \(build): \(starter.advice(tasks: tasks, build: build)); for one process unset \(variable)"
    case .threadsUnsupported(let library):
      "\(library) does not support MPI_THREAD_FUNNELED; install an MPI library built with thread support"
    case .alreadyFinalized:
      "MPI was already shut down in this process and cannot be started again"
    case .affinityRefused(let cores, let reason):
      "cannot run on cores \(cores.map(String.init).joined(separator: ",")): \(reason); start with mpirun --bind-to none"
    }
  }
}
