import Foundation
import Glibc
import Processes

/// A started program with its process group, its captured output and the limit of its run. Made by `MPIRun.start()`.
@safe
package final class RunningProgram {
  /// Wall time from the start after which the run counts as hung. May be changed meanwhile.
  package var limit: Duration

  private let process: SpawnedProcess
  private let start = ContinuousClock.now
  private let output: CapturedOutput
  private let errors: CapturedOutput

  init(command: [String], environment: [String: String], limit: Duration) throws {
    self.limit = limit
    output = try CapturedOutput()
    errors = try CapturedOutput()
    process = try SpawnedProcess(
      command, environment: environment, outputs: .init(output: output.descriptor, errors: errors.descriptor),
      leadsGroup: true)
  }

  /// A test that gives up before its end leaves nothing running.
  deinit { if !process.hasEnded { killAll() } }

  /// The program itself, or mpirun; it leads a process group.
  package var processIdentifier: Int32 { process.identifier }
  /// What the program has written so far.
  package var standardOutputSoFar: String { output.text }
  /// What the program, and mpirun, have written so far.
  package var standardErrorSoFar: String { errors.text }

  /// Waits until `condition` holds for this run, which is looked at again and again; false where the run ended or its
  /// limit came first.
  package func waits(until condition: (RunningProgram) -> Bool) -> Bool {
    while start.duration(to: .now) < limit {
      if condition(self) { return true }
      if process.hasEnded { return condition(self) }
      usleep(10_000)
    }
    return false
  }

  /// Sends `number` to the program itself (to mpirun, which forwards SIGUSR1 and SIGUSR2 to every rank).
  package func signal(_ number: Int32) { process.signal(number) }

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

  /// Whether `processes` are gone, or go within `limit`: the kernel takes a moment to tear down what was killed, and more on a busy
  /// machine.
  package static func areGone(_ processes: [Int32], within limit: Duration = .seconds(10)) -> Bool {
    let start = ContinuousClock.now
    while processes.contains(where: { FileManager.default.fileExists(atPath: "/proc/\($0)/exe") }) {
      guard start.duration(to: .now) < limit else { return false }
      usleep(10_000)
    }
    return true
  }

  /// Waits for the end, or for the limit and then kills everything that was started.
  package func wait() -> MPIRun.Outcome {
    var timedOut = false
    while !process.hasEnded {
      if start.duration(to: .now) > limit {
        timedOut = true
        killAll()
      } else {
        usleep(5_000)
      }
    }
    return MPIRun.Outcome(
      command: process.commandLine, exitCode: process.wait(), timedOut: timedOut, standardOutput: output.text,
      standardError: errors.text, duration: start.duration(to: .now))
  }

  /// mpirun puts each rank into a process group of its own, so the descendants are killed one by one, mpirun first.
  private func killAll() {
    let started = ProcessTable.descendants(of: processIdentifier)
    process.signalGroup(SIGKILL)
    for process in started where ProcessTable.isRunning(process) { kill(process.identifier, SIGKILL) }
    // The kernel takes a moment to tear a process down.
    for _ in 0..<200 where started.contains(where: ProcessTable.isRunning) { usleep(10_000) }
    process.wait()
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
    guard opened >= 0 else { throw NoTemporaryFile(errno: errno) }
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

/// No nameless file could be made.
struct NoTemporaryFile: Error { let errno: Int32 }
