internal import Synchronization

/// What this rank is doing now: written by the thread that works, read by the ``Watchdog``'s thread.
///
/// Plain atomics without order between them: a reader may see a step with the phase before it, which is good enough for a
/// message to people. Writing allocates nothing and takes no lock.
@safe
package final class ProgressBoard: Sendable {
  /// This process's.
  package static let own = ProgressBoard()

  private let step = Atomic<Int>(0)
  private let phase = Atomic<UInt8>(RankPhase.starting.rawValue)
  /// The number of the last collective, shifted left by a byte, and the kind of the one at hand or 0.
  private let collective = Atomic<Int>(0)
  /// When progress was last made, on ``MonotonicClock``.
  private let progressTime: Atomic<UInt64>
  /// When the last step or batch ended.
  private let batchTime: Atomic<UInt64>
  private let hasSteps = Atomic<Bool>(false)

  /// Nanoseconds that the last steps and batches took, and how many there were.
  private nonisolated(unsafe) let intervals: UnsafeMutablePointer<Atomic<UInt64>>
  private let intervalCount = Atomic<Int>(0)
  private static let capacity = 31

  /// Where phases, collectives and steps are kept too; nil for nowhere. For the thread that works alone.
  package nonisolated(unsafe) var trace: TraceBuffer?

  package init() {
    let now = MonotonicClock.now
    progressTime = Atomic(now)
    batchTime = Atomic(now)
    unsafe intervals = .allocate(capacity: Self.capacity)
    for index in 0..<Self.capacity { unsafe (intervals + index).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe intervals.deinitialize(count: Self.capacity)
    unsafe intervals.deallocate()
  }

  /// The work turns to `phase`. No progress by itself: a rank may hang in a phase it has just entered.
  /// The process table shows it, of the process's own board.
  package func enter(_ phase: RankPhase) { enter(phase, at: MonotonicClock.now) }

  /// The same at `now` on ``MonotonicClock``.
  func enter(_ phase: RankPhase, at now: UInt64) {
    self.phase.store(phase.rawValue, ordering: .relaxed)
    // The first step or batch is as long as it takes, without the start before it.
    if !isUnderway && [.makingPairs, .validation, .evaluation].contains(phase) {
      batchTime.store(now, ordering: .relaxed)
    }
    unsafe trace?.add(.phase(phase))
    if self === Self.own { ProcessTitle.show(phase.title) }
  }

  /// Work that must come to an end moved on: a file loaded, a batch evaluated.
  package func progressed() { progressTime.store(MonotonicClock.now, ordering: .relaxed) }

  /// A batch of validation or evaluation is done: from here on silence is measured by the length of such work.
  package func batchEnded() { batchEnded(at: MonotonicClock.now) }

  /// The same at `now` on ``MonotonicClock``.
  private func batchEnded(at now: UInt64) {
    let count = intervalCount.load(ordering: .relaxed)
    let interval = now &- batchTime.load(ordering: .relaxed)
    unsafe intervals[count % Self.capacity].store(interval, ordering: .relaxed)
    intervalCount.store(count + 1, ordering: .relaxed)
    progressTime.store(now, ordering: .relaxed)
    batchTime.store(now, ordering: .relaxed)
    hasSteps.store(true, ordering: .relaxed)
  }

  /// Step `step`, counted from 1, is complete.
  package func stepEnded(_ step: Int) { stepEnded(step, at: MonotonicClock.now) }

  /// The same at `now` on ``MonotonicClock``.
  func stepEnded(_ step: Int, at now: UInt64) {
    self.step.store(step, ordering: .relaxed)
    unsafe trace?.add(.step(step))
    batchEnded(at: now)
  }

  /// A collective of the whole job begins, or of some of its ranks, which does not count.
  func begin(_ kind: CollectiveKind, ofWholeJob: Bool) {
    let number = collective.load(ordering: .relaxed) >> 8 + (ofWholeJob ? 1 : 0)
    collective.store(number << 8 | Int(kind.rawValue), ordering: .relaxed)
    unsafe trace?.add(.collective(kind))
  }

  /// The rank is in no collective any more. That it came back is progress: the others moved as well, however long a step is.
  func leave() {
    collective.store(collective.load(ordering: .relaxed) & ~0xFF, ordering: .relaxed)
    unsafe trace?.add(.left)
    progressed()
  }

  /// Whether a step or batch was ever completed.
  var isUnderway: Bool { hasSteps.load(ordering: .relaxed) }

  /// When progress was last made, on ``MonotonicClock``.
  var lastProgress: UInt64 { progressTime.load(ordering: .relaxed) }

  /// Median seconds of the last steps or batches; nil before the first.
  var medianInterval: Double? {
    let count = min(intervalCount.load(ordering: .relaxed), Self.capacity)
    guard count > 0 else { return nil }
    let sorted = (0..<count).map { unsafe intervals[$0].load(ordering: .relaxed) }.sorted()
    return Double(sorted[count / 2]) / 1e9
  }

  /// The status at `now`, whose silence counts from `start` at the earliest.
  func status(now: UInt64, countingFrom start: UInt64) -> RankStatus {
    let packed = collective.load(ordering: .relaxed)
    let idle = MonotonicClock.seconds(from: max(lastProgress, start), to: now)
    return RankStatus(
      step: step.load(ordering: .relaxed), phase: RankPhase(rawValue: phase.load(ordering: .relaxed)) ?? .starting,
      collective: packed >> 8, kind: CollectiveKind(rawValue: UInt8(packed & 0xFF)), idleMilliseconds: Int(idle * 1000))
  }
}
