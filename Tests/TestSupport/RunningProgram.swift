import Foundation
import Glibc

/// A started program with its process group, its captured output and the limit of its run. Made by `MPIRun.start()`.
@safe
package final class RunningProgram {
  /// The program itself, or mpirun; it leads a process group.
  package let processIdentifier: Int32
  /// Wall time from the start after which the run counts as hung. May be changed meanwhile.
  package var limit: Duration

  private let command: [String]
  private let start = ContinuousClock.now
  private let output: CapturedOutput
  private let errors: CapturedOutput
  /// As waitpid gave it; nil while the program runs.
  private var status: Int32?

  init(command: [String], environment: [String: String], limit: Duration) throws {
    self.command = command
    self.limit = limit
    output = try CapturedOutput()
    errors = try CapturedOutput()
    processIdentifier = try Self.spawn(
      command, environment, output: output.descriptor, errors: errors.descriptor)
  }

  /// What the program has written so far.
  package var standardOutputSoFar: String { output.text }
  /// What the program, and mpirun, have written so far.
  package var standardErrorSoFar: String { errors.text }

  /// Waits until `condition` holds for this run, which is looked at again and again; false where the run ended or its
  /// limit came first.
  package func waits(until condition: (RunningProgram) -> Bool) -> Bool {
    while start.duration(to: .now) < limit {
      if condition(self) { return true }
      if hasEnded { return condition(self) }
      usleep(10_000)
    }
    return false
  }

  /// Sends `number` to the program itself (to mpirun, which forwards SIGUSR1 and SIGUSR2 to every rank).
  package func signal(_ number: Int32) { kill(processIdentifier, number) }

  /// Process of world rank `rank`; nil before it started and after it ended.
  package func process(ofRank rank: Int) -> Int32? {
    ProcessTable.descendants(of: processIdentifier).map(\.identifier).first { process in
      let variables = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/environ"))) ?? Data()
      let entries = variables.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return entries.contains("OMPI_COMM_WORLD_RANK=\(rank)") || entries.contains("PMI_RANK=\(rank)")
    }
  }

  /// Processes below this one whose program is called `name`.
  package func children(named name: String) -> [Int32] {
    ProcessTable.descendants(of: processIdentifier).map(\.identifier).filter {
      let title = (try? String(contentsOfFile: "/proc/\($0)/comm", encoding: .utf8)) ?? ""
      // A rank shows its phase behind its name.
      return title == name + "\n" || title.hasPrefix(name + ":")
    }
  }

  /// Waits for the end, or for the limit and then kills everything that was started.
  package func wait() -> MPIRun.Outcome {
    var timedOut = false
    while !hasEnded {
      if start.duration(to: .now) > limit {
        timedOut = true
        killAll()
      } else {
        usleep(5_000)
      }
    }
    let status = self.status ?? 0
    let signal = status & 0x7f
    return MPIRun.Outcome(
      command: command.joined(separator: " "), exitCode: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
      timedOut: timedOut, standardOutput: output.text, standardError: errors.text,
      duration: start.duration(to: .now))
  }

  /// Collects the program's status once it has ended.
  private var hasEnded: Bool {
    if status != nil { return true }
    var collected: Int32 = 0
    let ended = unsafe waitpid(processIdentifier, &collected, WNOHANG)
    precondition(ended >= 0 || errno == EINTR, "waitpid(\(processIdentifier)): errno \(errno)")
    if ended == processIdentifier { status = collected }
    return status != nil
  }

  /// mpirun puts each rank into a process group of its own, so the descendants are killed one by one, mpirun first.
  private func killAll() {
    let started = ProcessTable.descendants(of: processIdentifier)
    kill(-processIdentifier, SIGKILL)
    for process in started where ProcessTable.isRunning(process) { kill(process.identifier, SIGKILL) }
    // The kernel takes a moment to tear a process down.
    for _ in 0..<200 where started.contains(where: ProcessTable.isRunning) { usleep(10_000) }
    var collected: Int32 = 0
    while unsafe waitpid(processIdentifier, &collected, 0) < 0 && errno == EINTR {}
    status = collected
  }
}

extension RunningProgram {
  /// A program that could not be started.
  struct CannotStart: Error, CustomStringConvertible {
    let description: String
  }

  private static func spawn(
    _ command: [String], _ environment: [String: String], output: Int32, errors: Int32
  ) throws -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // The runtime's threads may block signals; the program starts with none blocked.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

    var process: pid_t = 0
    let variables = environment.map { "\($0)=\($1)" }
    let status = unsafe withCStrings(command) { arguments in
      unsafe withCStrings(variables) { unsafe posix_spawnp(&process, command[0], &actions, &attributes, arguments, $0) }
    }
    guard status == 0 else { throw CannotStart(description: "cannot start \(command[0]): errno \(status)") }
    return process
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

/// A nameless file that takes a program's output. A pipe would make the reader wait for every process that holds it,
/// also for one that outlives mpirun.
final class CapturedOutput {
  let descriptor: Int32

  init() throws {
    var template = Array("\(NSTemporaryDirectory())/mpirun-XXXXXX".utf8CString)
    let opened = unsafe template.withUnsafeMutableBufferPointer { name -> Int32 in
      let opened = unsafe mkstemp(name.baseAddress!)
      if opened >= 0 { unsafe unlink(name.baseAddress!) }
      return opened
    }
    guard opened >= 0 else { throw RunningProgram.CannotStart(description: "no temporary file: errno \(errno)") }
    descriptor = opened
    // The started program gets its own copies of the descriptor; other programs started meanwhile need none.
    _ = fcntl(opened, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// All that was written so far.
  var text: String {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe pread(descriptor, &block, block.count, bytes.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += block.prefix(count)
    }
  }
}
