import Dataset
import Distributed
import Model

/// The validation after an epoch: batches of the global size, dealt to the ranks like a step's, moving statistics.
///
/// Each slice passes through a network of its own size, as in a step: with fixed slices a picture's error then does not depend on
/// the number of ranks.
final class Validator {
  private let slicing: Slicing
  private let rank: Int
  /// One for each size of this rank's slices.
  private let networks: [Int: UNet]
  private let generator: MixingGenerator
  private let communicator: Communicator
  private let globalBatch: Int
  private let steps: Int
  private let pixelCount: Int

  /// Plans the inference networks over `step`'s weights. `steps` batches each time.
  init(step: TrainingStep, precision: Precision, generator: MixingGenerator, steps: Int, communicator: Communicator)
    throws
  {
    (slicing, rank, globalBatch) = (step.slicing, communicator.rank, step.globalBatch)
    var networks: [Int: UNet] = [:]
    for count in Set(slicing.slices(ofRank: rank).map(\.count)) {
      networks[count] = try UNet(
        configuration: step.layout.configuration, values: step.values, batch: count, mode: .inference,
        precision: precision)
    }
    self.networks = networks
    pixelCount = step.layout.configuration.pixelCount
    (self.generator, self.steps, self.communicator) = (generator, steps, communicator)
  }

  /// Mean over the batches of both heads' mean squared error with the present weights, on every rank. Collective.
  ///
  /// The pictures' errors are summed by rank 0 in pair order, so the sum does not depend on how they were dealt.
  /// `afterEachBatch` may be collective: all ranks call it equally often.
  func run(on pairs: ValidationPairs, afterEachBatch: () throws -> Void = {}) throws -> TrainingStep.Losses {
    ProgressBoard.own.enter(.validation)
    for network in networks.values { try network.packWeights() }
    var errors: [Double] = []
    errors.reserveCapacity(steps * 2 * slicing.pairs(ofRank: rank).count)
    for batch in 0..<steps {
      for slice in slicing.slices(ofRank: rank) {
        guard let network = networks[slice.count] else { preconditionFailure("no network for \(slice.count) pairs") }
        let (step, numbers) = numbers(of: slice, batch: batch, pairs)
        unsafe generator.fill(step: step, pairs: numbers, mixed: network.input, targets: network.targets)
        try network.forwardInference()
        network.computeLoss(globalBatch: globalBatch)
        unsafe errors.append(contentsOf: network.squaredErrors)
      }
      try afterEachBatch()
      ProgressBoard.own.batchEnded()
    }
    let gathered = try communicator.gather(errors, root: 0)
    var losses = communicator.rank == 0 ? [mean(gathered, head: 0), mean(gathered, head: 1)] : [0, 0]
    try unsafe losses.withUnsafeMutableBufferPointer { try unsafe communicator.broadcast($0, root: 0) }
    return TrainingStep.Losses(first: losses[0], second: losses[1])
  }

  /// The first `count` pairs of the first epoch's validation, separated with the weights of the last `run`; none on a rank
  /// without pairs of a batch. Local.
  func separateFirst(_ count: Int) throws -> [SeparatedPair] {
    guard let network = networks.values.max(by: { $0.batch < $1.batch }), network.batch > 0 else { return [] }
    var pairs: [SeparatedPair] = []
    for begin in stride(from: 0, to: count, by: network.batch) {
      let numbers = begin..<begin + network.batch
      unsafe generator.fill(step: 0, pairs: numbers, mixed: network.input, targets: network.targets)
      try network.forwardInference()
      for (place, number) in numbers.enumerated() where number < count {
        func picture(_ buffer: UnsafeMutableBufferPointer<Float>, _ index: Int) -> [Float] {
          let begin = index * network.configuration.pixelCount
          return unsafe Array(buffer[begin..<begin + network.configuration.pixelCount])
        }
        let places = [place, network.batch + place]
        pairs.append(
          SeparatedPair(
            number: number, mixed: unsafe picture(network.input, place),
            predicted: places.map { unsafe picture(network.predictions, $0) },
            truth: places.map { unsafe picture(network.targets, $0) }))
      }
    }
    return pairs
  }

  /// The generator's numbers of the pairs `slice` of a batch.
  private func numbers(of slice: Range<Int>, batch: Int, _ pairs: ValidationPairs) -> (step: Int, pairs: Range<Int>) {
    switch pairs {
    case .first:
      let begin = batch * globalBatch
      return (0, begin + slice.lowerBound..<begin + slice.upperBound)
    case .epoch(let epoch): return (epoch * steps + batch, slice)
    }
  }

  /// Mean batch loss of `head` from all ranks' errors, each rank's as [steps][its slices][2, pairs of the slice].
  private func mean(_ errors: [Double], head: Int) -> Double {
    precondition(errors.count == steps * 2 * globalBatch, "\(errors.count) errors of \(steps) batches")
    var total = 0.0
    for batch in 0..<steps {
      var sum = 0.0
      for rank in 0..<communicator.size {
        let pairs = slicing.pairs(ofRank: rank)
        for slice in slicing.slices(ofRank: rank) {
          // The ranks before this one hold all pairs before its own.
          let begin =
            2 * (steps * pairs.lowerBound + batch * pairs.count + slice.lowerBound - pairs.lowerBound)
            + head * slice.count
          for error in errors[begin..<begin + slice.count] { sum += error }
        }
      }
      total += sum / Double(globalBatch * pixelCount)
    }
    return total / Double(steps)
  }
}
