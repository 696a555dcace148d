package import Glibc

/// A program that this process started and has to collect.
///
/// It reads from /dev/null: in the background of a terminal a process that reads from it stops. No signal is blocked in it,
/// whatever the threads of this process block, and SIGPIPE ends it, whatever it does to this one.
package final class SpawnedProcess {
  package let identifier: pid_t
  private let command: [String]
  private let leadsGroup: Bool
  /// As waitpid gave it; nil while the program runs.
  private var status: Int32?

  /// Open files that take a program's output.
  package struct Outputs {
    package let output: Int32
    package let errors: Int32

    package init(output: Int32, errors: Int32) { (self.output, self.errors) = (output, errors) }
  }

  /// Starts `command`, its first word found along PATH (posix_spawnp). From then on SIGCHLD does this process nothing: where
  /// whoever started this one has it ignored, the system keeps no child's exit status.
  ///
  /// Throws ``SpawnError`` where it cannot be started.
  /// - Parameters:
  ///   - environment: in place of this process's.
  ///   - outputs: in place of this process's; still the caller's, which may close them.
  ///   - leadsGroup: it leads a process group of its own, which ``signalGroup(_:)`` reaches.
  package init(
    _ command: [String], environment: [String: String], outputs: Outputs? = nil, leadsGroup: Bool
  ) throws(SpawnError) {
    precondition(!command.isEmpty, "a program without a name")
    _ = Glibc.signal(SIGCHLD, SIG_DFL)
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let outputs {
      unsafe posix_spawn_file_actions_adddup2(&actions, outputs.output, 1)
      unsafe posix_spawn_file_actions_adddup2(&actions, outputs.errors, 2)
    }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    var usual = sigset_t()
    unsafe sigemptyset(&usual)
    unsafe sigaddset(&usual, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (leadsGroup ? POSIX_SPAWN_SETPGROUP : 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    var process: pid_t = 0
    let code = unsafe Self.withCStrings(command) { arguments in
      unsafe Self.withCStrings(environment.map { "\($0)=\($1)" }) {
        unsafe posix_spawnp(&process, command[0], &actions, &attributes, arguments, $0)
      }
    }
    guard code == 0 else {
      throw SpawnError(program: command[0], reason: unsafe String(cString: strerror(code)))
    }
    (identifier, self.command, self.leadsGroup) = (process, command, leadsGroup)
  }

  /// The command with spaces between its words.
  package var commandLine: String { command.joined(separator: " ") }

  /// Whether it has ended; never waits.
  package var hasEnded: Bool { collect(WNOHANG) }

  /// Waits for the end (waitpid); its exit code.
  @discardableResult
  package func wait() -> Int32 {
    _ = collect(0)
    guard let exitCode else { preconditionFailure("waitpid(\(identifier)) returned before the end") }
    return exitCode
  }

  /// As shells say it: 128 plus the signal's number where a signal ended it. nil while it is not known to have ended.
  package var exitCode: Int32? {
    status.map { status in
      let signal = status & 0x7F
      return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
  }

  /// Signals the process itself.
  package func signal(_ number: Int32) { kill(identifier, number) }

  /// Signals every process of the group that it leads.
  package func signalGroup(_ number: Int32) {
    precondition(leadsGroup, "process \(identifier) leads no group")
    kill(-identifier, number)
  }

  private func collect(_ options: Int32) -> Bool {
    while status == nil {
      var found: Int32 = 0
      let ended = unsafe waitpid(identifier, &found, options)
      precondition(ended >= 0 || errno == EINTR, "waitpid(\(identifier)): errno \(errno)")
      if ended == identifier { status = found }
      if ended == 0 { return false }
    }
    return true
  }

  /// `body` of a C array of C strings with a closing nil.
  private static func withCStrings<R>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    let pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
  }
}

/// A program that could not be started.
package struct SpawnError: Error, CustomStringConvertible {
  package let program: String
  package let reason: String

  package var description: String { "cannot start \(program): \(reason)" }
}
