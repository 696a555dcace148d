import Dataset
import Distributed
import Model

/// The validation after an epoch: batches of the global size, dealt to the ranks like a step's, moving statistics.
final class Validator {
  private let network: UNet
  private let generator: MixingGenerator
  private let communicator: Communicator
  private let slice: Range<Int>
  private let globalBatch: Int
  private let steps: Int

  /// Plans the inference network over `step`'s weights. `steps` batches each time.
  init(step: TrainingStep, precision: Precision, generator: MixingGenerator, steps: Int, communicator: Communicator)
    throws
  {
    network = try UNet(
      configuration: step.layout.configuration, values: step.values, batch: step.slice.count, mode: .inference,
      precision: precision)
    (self.generator, self.steps, self.communicator) = (generator, steps, communicator)
    (slice, globalBatch) = (step.slice, step.globalBatch)
  }

  /// Mean over the batches of both heads' mean squared error with the present weights, on every rank. Collective.
  ///
  /// `epoch` counts from 0 and chooses the pairs. The pictures' errors are summed by rank 0 in pair order, so the sum does
  /// not depend on how they were dealt. `afterEachBatch` may be collective: all ranks call it equally often.
  func run(epoch: Int, afterEachBatch: () throws -> Void = {}) throws -> TrainingStep.Losses {
    ProgressBoard.own.enter(.validation)
    try network.packWeights()
    var errors: [Double] = []
    errors.reserveCapacity(steps * 2 * slice.count)
    for batch in 0..<steps {
      unsafe generator.fill(
        step: epoch * steps + batch, pairs: slice, mixed: network.input, targets: network.targets)
      try network.forwardInference()
      network.computeLoss(globalBatch: globalBatch)
      unsafe errors.append(contentsOf: network.squaredErrors)
      try afterEachBatch()
      ProgressBoard.own.batchEnded()
    }
    let gathered = try communicator.gather(errors, root: 0)
    var losses = communicator.rank == 0 ? [mean(gathered, head: 0), mean(gathered, head: 1)] : [0, 0]
    try unsafe losses.withUnsafeMutableBufferPointer { try unsafe communicator.broadcast($0, root: 0) }
    return TrainingStep.Losses(first: losses[0], second: losses[1])
  }

  /// Mean batch loss of `head` from all ranks' errors, each rank's as [steps, 2, its slice].
  private func mean(_ errors: [Double], head: Int) -> Double {
    let slices = (0..<communicator.size).map {
      TrainingStep.slice(of: globalBatch, rank: $0, size: communicator.size)
    }
    precondition(errors.count == steps * 2 * globalBatch, "\(errors.count) errors of \(steps) batches")
    var total = 0.0
    for batch in 0..<steps {
      var sum = 0.0
      for slice in slices {
        // The ranks before this one hold all pairs before its slice.
        let begin = steps * 2 * slice.lowerBound + (batch * 2 + head) * slice.count
        for error in errors[begin..<begin + slice.count] { sum += error }
      }
      total += sum / Double(globalBatch * UNetConfiguration.pixelCount)
    }
    return total / Double(steps)
  }
}
