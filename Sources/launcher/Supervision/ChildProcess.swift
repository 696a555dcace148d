import Foundation
import Glibc

/// A command started in a process group of its own, and what it leaves behind on this host.
struct ChildProcess {
  /// Also the number of its process group.
  let identifier: pid_t

  /// Starts `words` with nothing to read, this process's output and `environment` (posix_spawnp).
  ///
  /// Throws ``UsageError`` where it cannot be started.
  init(_ words: [String], environment: [String: String]) throws(UsageError) {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    // In the background of a terminal a process that reads from it stops.
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var process: pid_t = 0
    let status = unsafe Self.withCStrings(words) { arguments in
      unsafe Self.withCStrings(environment.map { "\($0)=\($1)" }) {
        unsafe posix_spawnp(&process, words[0], &actions, &attributes, arguments, $0)
      }
    }
    guard status == 0 else {
      throw UsageError(option: words[0], reason: "cannot be started: \(unsafe String(cString: strerror(status)))")
    }
    identifier = process
  }

  /// Collects processes that ended; the exit status of this one, as shells say it, where it is among them (waitpid).
  func collect() -> Int32? {
    var status: Int32 = 0
    var own: Int32?
    while true {
      let ended = unsafe waitpid(-1, &status, WNOHANG)
      if ended <= 0 { return own }
      if ended == identifier {
        let signal = status & 0x7F
        own = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
      }
    }
  }

  /// Signals the process itself.
  func signal(_ number: Int32) { kill(identifier, number) }

  /// Signals its process group.
  func signalGroup(_ number: Int32) { kill(-identifier, number) }

  /// Ends what the process left behind once it ended: its group, and the orphans that this process adopted.
  ///
  /// They get `grace` seconds to end by themselves. Returns how many had to be killed.
  func clearUp(grace: Double) -> Int {
    var killed: Set<pid_t> = []
    let start = ContinuousClock.now
    while true {
      _ = collect()
      let left = Self.children
      // What waits for a disk cannot be killed: it ends when the disk answers.
      if left.isEmpty || start.duration(to: .now) > .seconds(grace + 5) { return killed.count }
      if start.duration(to: .now) > .seconds(grace) {
        signalGroup(SIGKILL)
        for process in left {
          kill(process, SIGKILL)
          killed.insert(process)
        }
      }
      usleep(50_000)
    }
  }

  /// Processes whose parent this one is, by /proc.
  private static var children: [pid_t] {
    let own = getpid()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { process in
      guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
      // The second field is the name in brackets and may hold anything.
      let text = String(decoding: data, as: UTF8.self)
      guard let bracket = text.lastIndex(of: ")") else { return false }
      let fields = text[text.index(after: bracket)...].split(separator: " ")
      return fields.count > 1 && fields[0] != "Z" && pid_t(fields[1]) == own
    }
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
