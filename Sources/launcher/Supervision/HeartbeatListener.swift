import Distributed
import Glibc

/// Hears rank 0 of the run that `launcher supervise` started, where it runs on this host.
final class HeartbeatListener {
  private let socket: DatagramSocket
  private let token: UInt128
  private var buffer = [UInt8](repeating: 0, count: Heartbeat.byteCount + 1)
  private(set) var last: (beat: Heartbeat, time: ContinuousClock.Instant)?
  /// When rank 0 said first that it ends the job.
  private(set) var endOfJob: ContinuousClock.Instant?
  /// Whether it ended the job because nothing moved, not for an error of its own, for which the command returns a code.
  private(set) var hasStalled = false

  private var start = ContinuousClock.now
  private let expectsHeartbeats: Bool
  /// Seconds in which a run that is started again has to be heard of.
  private static let startLimit = 120

  /// Listens on a free port of the loopback interface. Throws ``SocketError``.
  ///
  /// `expectsHeartbeats`: an earlier start of the same run was heard of, so this one should be, too.
  init(expectsHeartbeats: Bool) throws {
    self.expectsHeartbeats = expectsHeartbeats
    socket = try DatagramSocket(address: DatagramAddress.loopback)
    var random = SystemRandomNumberGenerator()
    token = UInt128.random(in: .min ... .max, using: &random)
  }

  /// What the run has to know, as the value of ``SupervisorAddress/variable``.
  var address: String {
    SupervisorAddress(
      address: DatagramAddress(address: DatagramAddress.loopback, port: socket.port), token: token
    ).text
  }

  /// Takes in what came, and waits up to `milliseconds` for it.
  func listen(milliseconds: Int32) {
    guard socket.wait(milliseconds: milliseconds) else { return }
    while let bytes = socket.receive(into: &buffer) {
      guard let beat = Heartbeat(bytes, token: token), beat.rank == 0 else { continue }
      last = (beat, .now)
      if beat.endsJob && endOfJob == nil { endOfJob = .now }
      if beat.endsJob && beat.sequence > 0 { hasStalled = true }
    }
  }

  /// Clocks start again: this process was suspended.
  func restartClocks() {
    start = .now
    if let last { self.last = (last.beat, .now) }
    if endOfJob != nil { endOfJob = .now }
  }

  /// Why the run should have ended by itself and has not; nil where nothing speaks for it.
  ///
  /// After rank 0 has said that the job ends, mpirun gets eight seconds; after rank 0 fell silent, the time in which the other
  /// ranks should have noticed, and as much.
  var overdue: String? {
    if let endOfJob, endOfJob.duration(to: .now) > .seconds(8) {
      return "rank 0 ended the job 8 s ago, and it is still there"
    }
    guard let last else {
      let isLate = expectsHeartbeats && start.duration(to: .now) > .seconds(Self.startLimit)
      return isLate ? "rank 0 not heard of for \(Self.startLimit) s since the restart" : nil
    }
    guard endOfJob == nil else { return nil }
    let limit = last.beat.timeoutMilliseconds / 1000 + 10
    guard last.time.duration(to: .now) > .seconds(limit) else { return nil }
    return "rank 0 not heard of for \(limit) s (last \(last.beat.status.text))"
  }
}
