internal import Glibc

/// The end of a process that MPI does not let go.
///
/// MPI_Abort may wait for a daemon, and the daemon for a host that is cut off. An alarm then ends this process, and asks
/// the daemon or mpirun that started it to end too: cut off from the rest of the job, nobody else would.
enum AbruptEnd {
  // Read by the signal handler: plain words.
  nonisolated(unsafe) private static var parent: pid_t = 0

  /// Names under which Open MPI and MPICH start ranks.
  private static let launchers: Set<String> = [
    "orted", "mpirun", "mpiexec", "orterun", "prted", "prterun", "hydra_pmi_proxy",
  ]

  /// Finds the parent and installs the handler of SIGALRM. Called before the alarm can be needed.
  static func prepare() {
    let own = getppid()
    unsafe parent = launchers.contains(name(of: own)) ? own : 0
    _ = signal(SIGALRM, end)
  }

  private static let end: @convention(c) (Int32) -> Void = { _ in
    if unsafe parent > 1 && getppid() == parent { unsafe kill(parent, SIGTERM) }
    _exit(Watchdog.exitStatus)
  }

  /// Ends this process in `seconds` unless it has ended before (alarm).
  static func schedule(seconds: UInt32) { alarm(seconds) }

  /// Writes `text` to standard error without locks that a hanging thread might hold.
  static func say(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }

  private static func name(of process: pid_t) -> String {
    let descriptor = unsafe open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 0x0A }, as: UTF8.self)
  }
}
