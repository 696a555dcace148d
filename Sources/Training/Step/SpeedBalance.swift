package import Dataset
package import Distributed
import Model

/// Deals a global batch so that unequal ranks end a step together.
///
/// Every rank takes the same few steps, alone but at the same time as the others, on as many pictures; the pairs then go one after the
/// other to the rank that would end first. Whatever comes of it, a step computes the same: statistics and gradients are
/// sums over all pairs of the global batch.
package enum SpeedBalance {
  /// Steps before the ones that count.
  static let warmUp = 2
  /// Steps of which the median counts.
  static let steps = 5

  /// How many of `globalBatch` pairs each rank gets, where rank r needs `secondsPerPair[r]` for one, so that the last rank ends as
  /// early as it can. No rank goes without a pair where there are enough.
  package static func shares(of globalBatch: Int, secondsPerPair: [Double]) -> [Int] {
    precondition(
      secondsPerPair.allSatisfy { $0 > 0 && $0.isFinite } && !secondsPerPair.isEmpty,
      "seconds for a pair: \(secondsPerPair)")
    var shares = secondsPerPair.map { _ in globalBatch >= secondsPerPair.count ? 1 : 0 }
    for _ in shares.reduce(0, +)..<globalBatch {
      func end(_ rank: Int) -> Double { Double(shares[rank] + 1) * secondsPerPair[rank] }
      let first = shares.indices.min { end($0) < end($1) }
      guard let first else { preconditionFailure("no ranks") }
      shares[first] += 1
    }
    return shares
  }

  /// What the ranks need for a pair of `configuration`'s steps, in seconds, the same list on every rank. Collective. Allocates a
  /// step's memory and frees it again. Throws what MPI and oneDNN report.
  package static func measure(
    _ configuration: RunConfiguration, sources: SourceData, communicator: Communicator
  ) throws -> [Double] {
    let step = try TrainingStep(
      network: configuration.network, precision: configuration.precision,
      globalBatch: max(configuration.globalBatch, communicator.size), bucketBytes: configuration.bucketBytes,
      grouping: .single, communicator: communicator)
    step.isSilent = true
    step.values.copy(NetworkWeights(initialised: configuration.network, seed: configuration.seed).values.array())
    try step.network.packWeights()
    let generator = MixingGenerator(
      sources: sources, stream: .training, seed: configuration.seed, imageSize: configuration.network.imageSize)
    var seconds: [Double] = []
    for number in 0..<warmUp + steps {
      step.fill(step: number, from: generator)
      // All at once, as in a run: ranks share caches and memory.
      try communicator.barrier()
      var watch = Stopwatch()
      _ = try step.computeGradients()
      if number >= warmUp { seconds.append(watch.lap()) }
      ProgressBoard.own.progressed()
    }
    let median = seconds.sorted()[steps / 2] / Double(step.slice.count)
    let all = try communicator.gather([median], root: 0)
    let text = try communicator.broadcast(text: communicator.rank == 0 ? JSONText.encode(all) : "", root: 0)
    return try JSONText.decode([Double].self, from: text)
  }
}
