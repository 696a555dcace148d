internal import Glibc

/// The end of a process that MPI does not let go, and of the daemon above it.
///
/// MPI_Abort may wait for a daemon, and the daemon for a host that is cut off: it tries to tell the others for a quarter of an
/// hour. An alarm ends this process meanwhile. A shell that is left behind ends the daemon, or mpirun: cut off from the rest of
/// the job, nobody else would.
enum AbruptEnd {
  /// Names under which Open MPI and MPICH start ranks, and what follows from them is safe to end with the job. The process table
  /// shows the name that was called, of a link too; those of Debian's are among them.
  static let launchers: Set<String> = [
    "orted", "mpirun", "mpirun.openmpi", "mpiexec", "mpiexec.openmpi", "orterun", "prted", "prterun", "hydra_pmi_proxy",
  ]
  /// Seconds that an orderly abort gets, about twice what it takes, and then until a daemon that was asked to end is killed.
  private static let (orderly, grace) = (8, 3)

  /// Makes SIGALRM end this process. Called before the alarm can be needed.
  static func prepare() { _ = signal(SIGALRM, end) }

  private static let end: @convention(c) (Int32) -> Void = { _ in _exit(Watchdog.exitStatus) }

  /// Ends this process in `seconds` unless it has ended before (alarm).
  static func schedule(seconds: UInt32) { alarm(seconds) }

  /// Writes `text` to standard error without locks that a hanging thread might hold.
  static func say(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }

  /// Has this process's daemon, or mpirun, ended in a while, if it is still there then; nothing where a batch system or a
  /// person started this process. Best effort.
  static func endLauncherLater() {
    let parent = getppid()
    let name = name(of: parent)
    guard parent > 1, launchers.contains(name) else { return }
    let isThere = "[ \"$(cat /proc/\(parent)/comm 2>/dev/null)\" = \(name) ]"
    spawnShell("sleep \(orderly); \(isThere) && kill \(parent) && sleep \(grace) && \(isThere) && kill -9 \(parent)")
  }

  /// Starts a shell in a process group of its own, with nothing open: a rank's group is killed with it (posix_spawn).
  private static func spawnShell(_ script: String) {
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    // MPICH's socket to the daemon too, or hydra would wait for the shell. It and whatever else is open has a low number.
    for descriptor in (STDERR_FILENO + 1)..<1024 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let words = unsafe [strdup("sh"), strdup("-c"), strdup(script), nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: pid_t = 0
    unsafe posix_spawn(&process, "/bin/sh", &actions, &attributes, words, environ)
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
