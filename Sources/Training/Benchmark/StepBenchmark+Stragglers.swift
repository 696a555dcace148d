import Distributed

extension StepBenchmark {
  /// A figure of every rank, put together.
  package struct Spread: Sendable, Codable, Equatable {
    package var min: Double
    package var median: Double
    package var max: Double

    /// Of at least one value.
    init(_ values: [Double]) {
      median = StepBenchmark.median(values)
      (min, max) = (values.min() ?? median, values.max() ?? median)
    }
  }

  /// Who waits for whom, from steps in which all ranks meet in a barrier before each sum over the ranks.
  ///
  /// A rank's time in such a barrier is that from its own arrival to the last rank's (and the barrier's own microseconds), by
  /// its own clock: ranks need no common one. What is left of a part of the step is the rank's own work.
  package struct Stragglers: Sendable, Codable, Equatable {
    /// Milliseconds of each part of the step without waiting; each rank's is the median of its steps.
    package var workMilliseconds: [String: Spread]
    /// Milliseconds a step before the sums of the normalisation ("statistics"), and between the backward pass and the step's end
    /// ("gradients"): its last message, and the exchange of kernels that one rank moved for all.
    package var waitingMilliseconds: [String: Spread]
    /// The rank with the most work of its own.
    package var slowestRank: Int
    package var steps: Int

    enum CodingKeys: String, CodingKey {
      case workMilliseconds = "work_ms"
      case waitingMilliseconds = "waiting_ms"
      case slowestRank = "slowest_rank"
      case steps
    }
  }

  /// One rank's figures: seconds of each step by name.
  struct OwnTimes {
    static let work = ["data", "forward", "loss", "backward", "update"]
    static let messages = "reduction"
    static let waiting = ["statistics", "gradients"]
    static var names: [String] { work + [messages] + waiting }
    private var seconds = [[Double]](repeating: [], count: names.count)

    /// Adds a step that took `data` seconds for its pictures and left its times in `step`.
    mutating func add(data: Double, _ step: TrainingStep) {
      let (parts, waits) = (step.phases, step.waits)
      let values = [
        data, parts.forward - waits.forward, parts.loss, parts.backward - waits.backward,
        parts.update - waits.update,
        parts.reduction - waits.reduction, waits.forward + waits.backward,
        waits.reduction + waits.update,
      ]
      for (index, value) in values.enumerated() { seconds[index].append(value) }
    }

    /// Everybody's figures on rank 0, nil elsewhere. Collective.
    func gather(_ communicator: Communicator) throws -> Stragglers? {
      let own = seconds.map { StepBenchmark.median($0) * 1000 }
      let all = try communicator.gather(own, root: 0)
      guard communicator.rank == 0 else { return nil }
      return Self.stragglers(of: all, steps: seconds[0].count)
    }

    /// From the milliseconds of every rank in turn, in the order of `names`.
    static func stragglers(of all: [Double], steps: Int) -> Stragglers {
      let ranks = stride(from: 0, to: all.count, by: names.count).map { Array(all[$0..<$0 + names.count]) }
      func spreads(_ chosen: [String]) -> [String: Spread] {
        Dictionary(
          uniqueKeysWithValues: names.enumerated().filter { chosen.contains($1) }.map { index, name in
            (name, Spread(ranks.map { $0[index] }))
          })
      }
      let loads = ranks.map { $0[..<work.count].reduce(0, +) }
      let slowest = loads.indices.max { loads[$0] < loads[$1] } ?? 0
      return Stragglers(
        workMilliseconds: spreads(work + [messages]), waitingMilliseconds: spreads(waiting), slowestRank: slowest,
        steps: steps)
    }
  }
}
