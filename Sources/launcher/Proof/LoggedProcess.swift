import Foundation
import Glibc
import Processes

/// A program that this one started, with what it prints kept in a file.
struct LoggedProcess {
  private let process: SpawnedProcess
  private let log: String

  /// Starts `command`, found along PATH, with this process's environment; both its outputs go to the new file `log`.
  ///
  /// Throws ``LoggedProcessError``. The caller waits for its end.
  init(_ command: [String], log: String) throws(LoggedProcessError) {
    let file = unsafe open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw .cannotStart(command[0], reason: "\(log): \(reason)")
    }
    defer { close(file) }
    do {
      process = try SpawnedProcess(
        command, environment: ProcessInfo.processInfo.environment, outputs: .init(output: file, errors: file),
        leadsGroup: false)
    } catch {
      throw .cannotStart(error.program, reason: error.reason)
    }
    self.log = log
  }

  /// Whether it has ended; never waits.
  var hasEnded: Bool { process.hasEnded }

  /// Waits for the end. Throws ``LoggedProcessError/failed(_:code:lastLine:)`` unless it ended with status 0, and
  /// ``LoggedProcessError/stopped(_:)`` where a request to stop came meanwhile: it is then killed.
  func finish() throws(LoggedProcessError) {
    while !process.hasEnded && !StopRequest.hasCome { usleep(10_000) }
    if StopRequest.hasCome {
      if !process.hasEnded { kill() }
      throw .stopped(process.commandLine)
    }
    let code = process.wait()
    guard code == 0 else { throw .failed(process.commandLine, code: code, lastLine: lastLine) }
  }

  /// Ends it by SIGKILL: every rank of it on this machine, so that none has time for anything; its launcher then ends by itself.
  ///
  /// Returns when all of them are gone, for which mpirun does not wait.
  func kill() {
    let ranks = ProcessTable.descendants(of: process.identifier).filter(ProcessTable.runsThisProgram)
    // One process without a launcher has none below it.
    if ranks.isEmpty { process.signal(SIGKILL) }
    for rank in ranks { Glibc.kill(rank.identifier, SIGKILL) }
    // A launcher that does not notice the end of its ranks.
    if !waits(seconds: 30, until: { process.hasEnded }) { process.signal(SIGKILL) }
    process.wait()
    _ = waits(seconds: 60) { ranks.allSatisfy(ProcessTable.isGone) }
  }

  private func waits(seconds: Int, until condition: () -> Bool) -> Bool {
    for _ in 0..<100 * seconds {
      if condition() { return true }
      usleep(10_000)
    }
    return condition()
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
  case stopped(String)

  /// The program's own status where it is one of this program's.
  var status: ExitStatus {
    switch self {
    case .cannotStart, .stopped: .system
    case .failed(_, let code, _): ExitStatus(rawValue: code) ?? .system
    }
  }

  var description: String {
    switch self {
    case .cannotStart(let program, let reason): "cannot start \(program): \(reason)"
    case .failed(let command, let code, let line): "\(command): exit code \(code): \(line)"
    case .stopped(let command): "\(command): ended, because this program was asked to stop"
    }
  }
}
