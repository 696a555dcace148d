internal import CMPI
internal import Glibc

/// Starting and ending MPI: once in a process, from one thread.
enum MPIRuntime {
  /// Whether MPI functions may be called: after MPI_Init_thread and before MPI_Finalize.
  static var isUsable: Bool {
    var initialized: Int32 = 0
    var finalized: Int32 = 0
    guard unsafe CMPI_initialized(&initialized) == MPI_SUCCESS, unsafe CMPI_finalized(&finalized) == MPI_SUCCESS else {
      return false
    }
    return initialized != 0 && finalized == 0
  }

  /// Starts MPI unless something in this process has done so, and makes it return errors instead of aborting.
  static func start() throws {
    var initialized: Int32 = 0
    var finalized: Int32 = 0
    try check(unsafe CMPI_initialized(&initialized), "MPI_Initialized")
    try check(unsafe CMPI_finalized(&finalized), "MPI_Finalized")
    guard finalized == 0 else { throw LaunchError.alreadyFinalized }
    if initialized == 0 { try initialize() }
    try check(CMPI_comm_set_errors_return(CMPI_comm_world()), "MPI_Comm_set_errhandler")
    try check(CMPI_comm_set_errors_return(CMPI_comm_self()), "MPI_Comm_set_errhandler")
  }

  /// Whether ranks have to give their cores away while they wait, as far as can be known before they can ask each other.
  static let ranksShareCores = LaunchEnvironment.current.ranksShareCores(
    affinityCount: Affinity.cores.count, quota: CPUQuota.ofThisProcess)

  private static func initialize() throws {
    let settings = LaunchEnvironment.current.settings(ranksShareCores: ranksShareCores)
      .filter { unsafe getenv($0.name) == nil }
    for (name, value) in settings { unsafe setenv(name, value, 1) }
    // Meant for this process: a program that it starts later, perhaps another mpirun, must not inherit them.
    defer { for (name, _) in settings { unsafe unsetenv(name) } }

    var isEnough: Int32 = 0
    try check(unsafe CMPI_init_thread_funneled(&isEnough), "MPI_Init_thread")
    guard isEnough != 0 else { throw LaunchError.threadsUnsupported(library: libraryVersion) }
  }

  static func finish() throws {
    guard isUsable else { return }
    try check(CMPI_finalize(), "MPI_Finalize")
  }

  static func abort(code: Int32) -> Never {
    fflush(nil)
    Watchdog.announceEnd()
    // A launcher that hears of an abort stops reading the ranks' output: let it fetch the line that says why.
    usleep(100_000)
    // A status that either might return changes nothing: the process ends here in any case. Open MPI puts lines of its own beside
    // an MPI_Abort, which a process that nobody waits for need not call.
    if isUsable {
      if LaunchEnvironment.current.hasLauncher { CMPI_abort(CMPI_comm_world(), code) } else { CMPI_finalize() }
    }
    _exit(code)
  }

  /// `abort` for a thread that does not work, while the working one hangs perhaps in MPI, perhaps with the lock of a stream:
  /// nothing is flushed. An alarm must be set.
  static func abortFromWatchdog(code: Int32) -> Never {
    // Let the launcher fetch the line that says why.
    usleep(100_000)
    if isUsable { CMPI_abort(CMPI_comm_world(), code) }
    // MPI_Abort may come back while a daemon is still ending the others.
    while true { sleep(1) }
  }

  /// Name and version of the library, without its build notes.
  static var libraryVersion: String {
    let text = unsafe libraryText { unsafe CMPI_get_library_version($0, $1) } ?? "unknown MPI library"
    return shortened(libraryVersion: text)
  }

  /// `Open MPI v4.1.4, package: ...` and `MPICH Version:<tab>4.0.2<newline>...` to `Open MPI v4.1.4`, `MPICH Version: 4.0.2`.
  static func shortened(libraryVersion text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).first ?? ""
    let name = line.prefix { $0 != "," }
    return name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
