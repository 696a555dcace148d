/// What started the ranks of a job, as far as the environment says so.
package enum RankStarter: Equatable, Sendable {
  /// Open MPI's mpirun.
  case openMPI
  /// MPICH's mpiexec.hydra, or another program that speaks PMI like it.
  case hydra
  /// Slurm's srun, by the plugin of its option `--mpi`.
  case slurm(Plugin)

  package enum Plugin: String, Sendable {
    case pmix
    case pmi2
    case none
  }

  /// What a message calls it.
  var name: String {
    switch self {
    case .openMPI: "mpirun of Open MPI"
    case .hydra: "mpiexec.hydra, MPICH's launcher,"
    case .slurm(let plugin): "srun --mpi=\(plugin.rawValue)"
    }
  }

  /// How to start `tasks` ranks of a program built with `build` where this starter made each of them a world of its own.
  func advice(tasks: Int, build: MPIBuild) -> String {
    let ownLauncher =
      switch build.family {
      case .openMPI: "Open MPI's mpirun -n \(tasks) launcher (mpirun.openmpi where several are installed)"
      case .mpich: "MPICH's mpiexec.hydra -n \(tasks) launcher"
      case .other: "that library's own mpirun -n \(tasks) launcher"
      }
    let plugin: Plugin? =
      switch build.family {
      case .openMPI: .pmix
      case .mpich: .pmi2
      case .other: nil
      }
    let underSlurm = plugin.map { "srun --mpi=\($0.rawValue)" }
    switch (self, build.family) {
    case (.slurm(let used), _) where used == plugin:
      return
        "the library has no support of this Slurm's \(used.rawValue); start it inside of the job with \(ownLauncher)"
    case (.slurm, _):
      return "start it "
        + [underSlurm.map { "with \($0)" }, "inside of the job with \(ownLauncher)"].compactMap(\.self).joined(
          separator: ", or ")
    case (.openMPI, .openMPI), (.hydra, .mpich):
      return "this launcher belongs to another installation; start it with the one beside the library, \(ownLauncher)"
    default:
      return "start it with "
        + [ownLauncher, underSlurm.map { "under Slurm with \($0)" }].compactMap(\.self).joined(separator: ", or ")
    }
  }
}
