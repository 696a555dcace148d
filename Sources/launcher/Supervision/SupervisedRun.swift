import Distributed
import Foundation
import Glibc
import Processes

/// One start of the run, from the first process to the last.
struct SupervisedRun {
  let words: [String]
  /// Seconds between asking processes to end and killing them.
  let grace: Int
  /// An earlier start of the same run was heard of.
  let expectsHeartbeats: Bool
  /// When this program was started, in seconds since 1970.
  let since: Int

  /// How it ended.
  struct Ending {
    /// What the command returned; 71 where it hung.
    var status: Int32
    /// Somebody asked this program to stop.
    var wasAskedToStop: Bool
    /// Its heartbeats reached this program.
    var wasHeard: Bool
  }

  /// Settings of Open MPI without which mpirun takes eight minutes to notice that a host is gone: seconds until it asks a silent
  /// daemon, between questions, and the number of questions.
  private static let keepalive = [
    "OMPI_MCA_oob_tcp_keepalive_time": "5", "OMPI_MCA_oob_tcp_keepalive_intvl": "2",
    "OMPI_MCA_oob_tcp_keepalive_probes": "3",
  ]

  /// Starts the command and waits until nothing of it is left on this host.
  func run() throws -> Ending {
    let listener = try HeartbeatListener(expectsHeartbeats: expectsHeartbeats)
    var environment = Self.keepalive.merging(ProcessInfo.processInfo.environment) { $1 }
    environment[SupervisorAddress.variable] = listener.address
    environment[TimeLimit.startVariable] = "\(since)"
    let child: SpawnedProcess
    do {
      child = try SpawnedProcess(words, environment: environment, leadsGroup: true)
    } catch {
      throw UsageError(option: error.program, reason: "cannot be started: \(error.reason)")
    }
    var watch = Watch()
    while !child.hasEnded {
      if watch.wasSuspended() {
        listener.restartClocks()
        watch.restartClocks()
      }
      act(on: child, listener, &watch)
      listener.listen(milliseconds: 100)
    }
    listener.listen(milliseconds: 0)
    let killed = child.clearUp(grace: Double(grace))
    if killed > 0 { Output.note("supervise: killed \(killed) processes that the run left behind on this host") }
    let hasHung = listener.hasStalled || watch.isOverdue
    return Ending(
      status: hasHung ? ExitStatus.system.rawValue : child.wait(),
      wasAskedToStop: StopRequest.hasCome, wasHeard: listener.last != nil)
  }

  /// What was done to the run so far, and when.
  private struct Watch {
    var isToldToStop = false
    var isOverdue = false
    var termination: ContinuousClock.Instant?
    var lastLook = ContinuousClock.now
    private var start = ContinuousClock.now

    /// Whether a run of which nothing was heard is told to stop all the same: its rank 0 may be on another host. Before that
    /// mpirun may not have started its ranks, and it passes a signal on to those that live and to nobody later.
    var isPastStart: Bool { start.duration(to: .now) > .seconds(30) }

    /// Whether the last look at the clock is more than five seconds ago.
    mutating func wasSuspended() -> Bool {
      defer { lastLook = .now }
      return lastLook.duration(to: .now) > .seconds(5)
    }

    mutating func restartClocks() {
      start = .now
      if termination != nil { termination = .now }
    }
  }

  private func act(on child: SpawnedProcess, _ listener: HeartbeatListener, _ watch: inout Watch) {
    if StopRequest.hasCome && !watch.isToldToStop && (listener.last != nil || watch.isPastStart) {
      watch.isToldToStop = true
      Output.note("supervise: asked to stop; the run is told by SIGUSR1")
      child.signal(SIGUSR1)
    }
    if let termination = watch.termination {
      if termination.duration(to: .now) > .seconds(grace) { child.signalGroup(SIGKILL) }
      return
    }
    if StopRequest.hasComeTwice {
      Output.note("supervise: asked to stop again; the run is ended")
    } else if let reason = listener.overdue {
      Output.note("supervise: \(reason); the run is ended")
      watch.isOverdue = true
    } else {
      return
    }
    child.signalGroup(SIGTERM)
    watch.termination = .now
  }
}
