import Foundation
import Glibc

/// A program that this one started, with what it prints kept in a file.
final class LoggedProcess {
  /// The program itself, or the launcher of its ranks.
  let identifier: pid_t
  private let command: [String]
  private let log: String
  /// As waitpid gave it; nil while the program runs.
  private var status: Int32?

  /// Starts `command`, found along PATH, with this process's environment; both its outputs go to the new file `log`.
  ///
  /// Throws ``LoggedProcessError``. The caller waits for its end. C function: `posix_spawnp`.
  init(_ command: [String], log: String) throws(LoggedProcessError) {
    precondition(!command.isEmpty, "a program without a name")
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var identifier: pid_t = 0
    let code = unsafe posix_spawnp(&identifier, command[0], &actions, nil, arguments, environ)
    guard code == 0 else { throw .cannotStart(command[0], reason: unsafe String(cString: strerror(code))) }
    (self.identifier, self.command, self.log) = (identifier, command, log)
  }

  /// Whether it has ended; never waits.
  var hasEnded: Bool { collect(WNOHANG) }

  /// Waits for the end. Throws ``LoggedProcessError/failed(_:code:lastLine:)`` unless it ended with status 0.
  func finish() throws(LoggedProcessError) {
    _ = collect(0)
    let code = exitCode
    guard code == 0 else { throw .failed(command.joined(separator: " "), code: code, lastLine: lastLine) }
  }

  /// Ends it by SIGKILL: every rank of it on this machine, so that none has time for anything; its launcher then ends by itself.
  ///
  /// Returns when all of them are gone. A killed process lives on, and holds its locks, until what its threads ask of the disk
  /// is done; mpirun does not wait for that.
  func kill() {
    let ranks = ProcessFiles.descendants(of: identifier).filter(ProcessFiles.runsThisProgram)
    for rank in ranks.isEmpty ? [identifier] : ranks { Glibc.kill(rank, SIGKILL) }
    // A launcher that does not notice the end of its ranks.
    if !waits(seconds: 30, until: { hasEnded }) { Glibc.kill(identifier, SIGKILL) }
    _ = collect(0)
    _ = waits(seconds: 60) { ranks.allSatisfy(ProcessFiles.isGone) }
  }

  private func waits(seconds: Int, until condition: () -> Bool) -> Bool {
    for _ in 0..<100 * seconds {
      if condition() { return true }
      usleep(10_000)
    }
    return condition()
  }

  /// As shells say it: 128 plus the signal's number where a signal ended it.
  private var exitCode: Int32 {
    guard let status else { preconditionFailure("the exit code of a program that runs") }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
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

  private var lastLine: String {
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    return text.split(whereSeparator: \.isNewline).last { $0.hasPrefix("launcher: ") }.map(String.init)
      ?? text.split(whereSeparator: \.isNewline).last.map(String.init) ?? "it printed nothing"
  }
}

/// What can go wrong with a started program.
enum LoggedProcessError: Error, CustomStringConvertible {
  case cannotStart(String, reason: String)
  case failed(String, code: Int32, lastLine: String)

  /// The program's own status where it is one of this program's.
  var status: ExitStatus {
    switch self {
    case .cannotStart: .system
    case .failed(_, let code, _): ExitStatus(rawValue: code) ?? .system
    }
  }

  var description: String {
    switch self {
    case .cannotStart(let program, let reason): "cannot start \(program): \(reason)"
    case .failed(let command, let code, let line): "\(command): exit code \(code): \(line)"
    }
  }
}

/// Processes as /proc lists them.
private enum ProcessFiles {
  /// All processes at or below `root`.
  static func descendants(of root: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let parents = names.compactMap { pid_t($0) }.compactMap { process in parent(of: process).map { (process, $0) } }
    var found = [root]
    var newest: Set<pid_t> = [root]
    while !newest.isEmpty {
      newest = Set(parents.filter { newest.contains($0.1) }.map(\.0))
      found += newest
    }
    return found
  }

  /// Whether `process` is this executable file at work.
  static func runsThisProgram(_ process: pid_t) -> Bool {
    var (own, other) = (stat(), stat())
    guard unsafe stat("/proc/self/exe", &own) == 0, unsafe stat("/proc/\(process)/exe", &other) == 0 else {
      return false
    }
    return own.st_dev == other.st_dev && own.st_ino == other.st_ino
  }

  /// Whether nothing of `process` runs: it may still wait to be collected.
  static func isGone(_ process: pid_t) -> Bool {
    guard let fields = fields(of: process) else { return true }
    let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
    return fields.first == "Z" && threads?.count ?? 0 <= 1
  }

  private static func parent(of process: pid_t) -> pid_t? {
    fields(of: process)?.dropFirst().first.flatMap { pid_t($0) }
  }

  /// What the system says of `process`: state, parent and more; nil where there is none.
  private static func fields(of process: pid_t) -> [Substring]? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return nil }
    // Before them stands the name in brackets, which may hold anything.
    guard let bracket = text.lastIndex(of: ")") else { return nil }
    return text[text.index(after: bracket)...].split(separator: " ")
  }
}
