internal import Glibc
internal import Synchronization

/// Ends the job where it does not move: a thread on every rank, independent of what MPI does.
///
/// Twice a second it looks at ``ProgressBoard/own``, receives heartbeats and once a second sends its rank's. Where this rank made no
/// progress for the timeout, and no rank it hears of did, one rank says why and all end: by MPI_Abort, and where that does not
/// come back within two seconds by `_exit`. A thread that was late by more than five seconds was suspended with its
/// process, which restarts all clocks.
@safe
package final class Watchdog: @unchecked Sendable {
  /// The one that watches this process.
  private static let current = Mutex<Watchdog?>(nil)

  // Every variable is touched by the watching thread alone.
  private let settings: WatchdogSettings
  private let plan: WatchPlan
  private let rank: Int
  private let socket: DatagramSocket
  private let targets: [DatagramAddress]
  private let senders: [Int]
  private let supervisor: SupervisorAddress?
  private let board = ProgressBoard.own
  private var heard: [Int: (status: RankStatus, time: UInt64)] = [:]
  private var sequence: UInt64 = 0
  /// Where clocks start: the start of the watch, or the end of the last suspension.
  private var clockStart = MonotonicClock.now
  /// Another rank ends the job.
  private var isEnding = false
  private var buffer = [UInt8](repeating: 0, count: Heartbeat.byteCount + 1)

  /// Exit status of a job that is ended here (sysexits 71: system).
  static let exitStatus: Int32 = 71
  private static let tickMilliseconds = 500
  /// A tick this late, in seconds, means that the process was suspended.
  private static let lateness = 5.0

  /// Exchanges addresses and starts watching, for the rest of the process; nothing where `settings` say so. Collective.
  ///
  /// Throws ``SocketError``, and what MPI reports.
  package static func start(_ settings: WatchdogSettings, communicator: Communicator, topology: Topology) throws {
    guard settings.stallTimeout != 0 else { return }
    let watchdog = try Watchdog(settings, communicator: communicator, topology: topology)
    AbruptEnd.prepare()
    try watchdog.startThread()
    current.withLock { $0 = watchdog }
  }

  /// Tells the ranks that hear of this one, and `supervise`, that it ends the job for a reason that it has said: they end too where
  /// MPI_Abort does not reach them, as under an srun that is cut off from Slurm. This process ends within five seconds. From
  /// any thread; nothing where nobody watches.
  static func announceEnd() {
    guard let watchdog = current.withLock({ $0 }) else { return }
    AbruptEnd.schedule(seconds: 5)
    let status = watchdog.board.status(now: MonotonicClock.now, countingFrom: 0)
    watchdog.send(status, sequence: 0, timeout: watchdog.settings.timeout(median: nil), endsJob: true)
  }

  private init(_ settings: WatchdogSettings, communicator: Communicator, topology: Topology) throws {
    let isOneHost = topology.places.allSatisfy { $0.node == topology.places[0].node }
    let (socket, rank) = (try DatagramSocket(address: isOneHost ? DatagramAddress.loopback : 0), communicator.rank)
    let plan = try WatchPlan(communicator, topology: topology, port: socket.port, interface: settings.interface)
    (self.settings, self.socket, self.rank, self.plan) = (settings, socket, rank, plan)
    targets = plan.receivers(of: rank).flatMap { plan.members[$0].addresses }
    senders = plan.senders(to: rank)
    supervisor = rank == 0 ? settings.supervisor.flatMap { SupervisorAddress($0) } : nil
  }

  /// C function: `pthread_create`, with all signals blocked: they are the working thread's.
  private func startThread() throws {
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe sigdelset(&all, SIGALRM)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let status = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Watchdog>.fromOpaque(context).takeRetainedValue().watch()
      }, context)
    guard status == 0 else {
      unsafe Unmanaged<Watchdog>.fromOpaque(context).release()
      throw SocketError(function: "pthread_create", code: status)
    }
    pthread_detach(thread)
  }

  private func watch() -> Never {
    var last = MonotonicClock.now
    var tick = 0
    while true {
      listen(until: last + UInt64(Self.tickMilliseconds) * 1_000_000)
      let now = MonotonicClock.now
      if MonotonicClock.seconds(from: last, to: now) > Self.lateness + Double(Self.tickMilliseconds) / 1e3 {
        clockStart = now
      }
      last = now
      let status = board.status(now: now, countingFrom: clockStart)
      let timeout = settings.timeout(median: board.isUnderway ? board.medianInterval ?? 0 : nil)
      if tick.isMultiple(of: 2) { send(status, timeout: timeout, endsJob: false) }
      tick += 1
      let verdict = StallVerdict(
        observations: observations(own: status, now: now),
        silenceLimit: WatchdogSettings.silenceLimit(timeout: timeout))
      if mayEnd(status, timeout: timeout, verdict) { end(status, timeout: timeout, verdict) }
    }
  }

  /// Whether it is this rank's turn to end the job.
  private func mayEnd(_ own: RankStatus, timeout: Double, _ verdict: StallVerdict) -> Bool {
    !isEnding && plan.mayEnd(rank, idle: Double(own.idleMilliseconds) / 1000, timeout: timeout, verdict)
  }

  private func end(_ status: RankStatus, timeout: Double, _ verdict: StallVerdict) -> Never {
    AbruptEnd.schedule(seconds: 2)
    AbruptEnd.endLauncherLater()
    send(status, timeout: timeout, endsJob: true)
    let place = "rank \(rank) of \(plan.members.count) on \(plan.members[rank].host)"
    let cause = verdict.line(idle: Double(status.idleMilliseconds) / 1000, step: status.step)
    AbruptEnd.say("\(settings.program): \(place): \(cause); the job ends\n")
    MPIRuntime.abortFromWatchdog(code: Self.exitStatus)
  }

  private func observations(own: RankStatus, now: UInt64) -> [StallVerdict.Observation] {
    (senders + [rank]).sorted().map { sender in
      let known = sender == rank ? (own, now) : heard[sender].map { ($0.status, max($0.time, clockStart)) }
      return StallVerdict.Observation(
        rank: sender, host: plan.members[sender].host, status: known?.0,
        silence: MonotonicClock.seconds(from: known?.1 ?? clockStart, to: now))
    }
  }

  /// Takes in heartbeats as they come until `end` on ``MonotonicClock``: the system keeps some 250 of them, and those of all ranks
  /// may come at once.
  private func listen(until end: UInt64) {
    while true {
      let now = MonotonicClock.now
      receive(at: now)
      guard now < end else { return }
      _ = socket.wait(milliseconds: Int32((end - now) / 1_000_000) + 1)
    }
  }

  private func receive(at now: UInt64) {
    while let bytes = socket.receive(into: &buffer) {
      guard let beat = Heartbeat(bytes, token: plan.token), beat.rank < plan.members.count else { continue }
      heard[beat.rank] = (beat.status, now)
      // It has said why, so this rank need not; but it must not stay behind where the other's abort does not reach it.
      if beat.endsJob && !isEnding {
        isEnding = true
        AbruptEnd.schedule(seconds: 3)
        // Where nothing moved, the daemon of this node may be cut off as well.
        if beat.sequence > 0 && plan.deputies.contains(rank) { AbruptEnd.endLauncherLater() }
      }
    }
  }

  private func send(_ status: RankStatus, timeout: Double, endsJob: Bool) {
    sequence += 1
    send(status, sequence: sequence, timeout: timeout, endsJob: endsJob)
  }

  /// From any thread.
  private func send(_ status: RankStatus, sequence: UInt64, timeout: Double, endsJob: Bool) {
    var beat = Heartbeat(
      token: plan.token, rank: rank, sequence: sequence, status: status,
      timeoutMilliseconds: Int(min(timeout, 1e6) * 1000), endsJob: endsJob)
    let bytes = beat.bytes
    for target in targets { socket.send(bytes, to: target) }
    guard let supervisor else { return }
    beat.token = supervisor.token
    socket.send(beat.bytes, to: supervisor.address)
  }
}
