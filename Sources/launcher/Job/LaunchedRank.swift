import Distributed
import Foundation
import Glibc

/// What the launcher's environment says about this process, before MPI is started.
enum LaunchedRank {
  /// Whether this process speaks for all: rank 0 of Open MPI, of a PMI launcher, of a Slurm step, or one alone.
  static let isRoot: Bool = {
    for name in ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"] {
      if let text = unsafe getenv(name) { return unsafe String(cString: text) == "0" }
    }
    return true
  }()

  /// Whether no launcher started further processes beside this one.
  static let isAlone = (LaunchEnvironment(ProcessInfo.processInfo.environment).tasks?.count ?? 1) <= 1
}

/// Rank 0's environment variables; other ranks read none.
func environmentVariable(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}
