import Distributed
import Glibc

/// Sums over the steps since the last record, on every rank.
struct StepMeter {
  /// Steps between two records where nobody says otherwise.
  static let usualInterval = 50

  private var count = 0
  private var losses = TrainingStep.Losses(first: 0, second: 0)
  /// Seconds: making pairs, sums over the ranks that were waited for, whole steps.
  private var (data, communication, seconds) = (0.0, 0.0, 0.0)

  /// A step of `seconds`, `data` of them for making its pairs and `communication` for sums that were waited for.
  mutating func add(_ losses: TrainingStep.Losses, data: Double, communication: Double, seconds: Double) {
    count += 1
    self.losses.first += losses.first
    self.losses.second += losses.second
    self.data += data
    self.communication += communication
    self.seconds += seconds
  }

  /// The record of the steps since the last one, whose end is `state`; nil on all ranks but 0, and where there was none. Collective.
  mutating func takeRecord(
    state: TrainingState, pairs: Int, globalBatch: Int, epochs: Int?, gradientNorm: Double, communicator: Communicator
  ) throws -> StepsRecord? {
    let steps = Double(count)
    let own = [Double(pairs), data, seconds - data - communication, communication]
    let all = try communicator.gather(own, root: 0)
    defer { self = StepMeter() }
    guard communicator.rank == 0, count > 0 else { return nil }
    let ranks = (0..<communicator.size).map { rank in
      StepsRecord.RankTimes(
        pairs: Int(all[4 * rank]), data: all[4 * rank + 1] / steps, compute: all[4 * rank + 2] / steps,
        communication: all[4 * rank + 3] / steps)
    }
    return StepsRecord(
      time: WallClock.now, step: state.step, epoch: state.epoch + 1, stepInEpoch: state.stepInEpoch,
      epochs: epochs, count: count,
      losses: .init(first: losses.first / steps, second: losses.second / steps),
      learningRate: state.recipe.learningRate,
      gradientNorm: gradientNorm, imagesPerSecond: steps * Double(globalBatch) / seconds, seconds: state.seconds,
      ranks: ranks)
  }
}

/// The time of day.
enum WallClock {
  /// Seconds since 1970.
  static var now: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
