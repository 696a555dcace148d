import Distributed

/// What the launcher's environment says about this process, before MPI is started.
enum LaunchedRank {
  /// Whether this process speaks for all: rank 0, or one alone.
  static let isRoot = LaunchEnvironment.current.isRoot

  /// Whether no launcher started further processes beside this one.
  static let isAlone = (LaunchEnvironment.current.tasks?.count ?? 1) <= 1
}
