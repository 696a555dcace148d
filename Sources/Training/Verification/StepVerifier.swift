package import Distributed
import Foundation
package import Model

/// Runs a reference's training step on the engine, over the ranks of a communicator, and compares every tensor.
package struct StepVerifier {
  private let precision: Precision
  private let communicator: Communicator

  /// Bytes of a gradient bucket: small, so that the published network has several.
  private static let bucketBytes = 1 << 20

  /// A verifier for the engine at `precision` on the ranks of `communicator`.
  package init(precision: Precision, communicator: Communicator) {
    self.precision = precision
    self.communicator = communicator
  }

  /// Runs the step and gives the same verdict on every rank. Collective: every rank calls it.
  ///
  /// Rank 0 gives the `reference`; what the other ranks give is not looked at. Each rank computes its slice of the batch,
  /// with the statistics of all of it; the slices may be empty. Throws what the engine and MPI throw.
  package func verify(_ reference: ReferenceStep?) throws -> StepVerdict {
    precondition(communicator.rank != 0 || reference != nil, "rank 0 has no reference")
    let start = try broadcastStart(reference)
    let measured = try measure(start)
    var verdict: [UInt8] = []
    if communicator.rank == 0, let reference {
      let comparison = StepComparison(reference: reference, precision: precision)
      verdict = Array(try JSONEncoder().encode(comparison.compare(measured)))
    }
    return try JSONDecoder().decode(StepVerdict.self, from: Data(communicator.broadcast(bytes: verdict, root: 0)))
  }

  /// What every rank needs to run the step.
  private struct Start {
    var plan: Plan
    var input: [Float]
    var targets: [Float]
    var weights: [Float]
    var batch: Int { input.count / plan.configuration.pixelCount }
  }

  private struct Plan: Codable {
    var configuration: UNetConfiguration
    var steps: Int
  }

  private func broadcastStart(_ reference: ReferenceStep?) throws -> Start {
    var (plan, input, targets, weights): ([UInt8], [Float], [Float], [Float]) = ([], [], [], [])
    if communicator.rank == 0, let reference {
      plan = Array(try JSONEncoder().encode(Plan(configuration: reference.configuration, steps: reference.steps)))
      (input, targets, weights) = (reference.input, reference.targets, reference.weights)
    }
    return Start(
      plan: try JSONDecoder().decode(Plan.self, from: Data(communicator.broadcast(bytes: plan, root: 0))),
      input: try broadcast(input), targets: try broadcast(targets), weights: try broadcast(weights))
  }

  /// Rank 0's floats, of any number.
  private func broadcast(_ values: [Float]) throws -> [Float] {
    let tensor = SafeTensorsFile.Tensor(name: "", shape: [values.count], values: values)
    let bytes = try communicator.broadcast(bytes: tensor.bytes, root: 0)
    return try SafeTensorsFile.Tensor(name: "", dtype: "F32", shape: [bytes.count / 4], bytes: bytes).floats()
  }

  /// All tensors of the step by name: whole on rank 0, without predictions elsewhere. Collective.
  private func measure(_ start: Start) throws -> [String: [Float]] {
    let configuration = start.plan.configuration
    let heads = configuration.heads
    let step = try TrainingStep(
      network: configuration, precision: precision, globalBatch: start.batch, bucketBytes: Self.bucketBytes,
      communicator: communicator)
    let layout = step.layout
    var measured: [String: [Float]] = [:]

    step.values.copy(start.weights)
    let inference = try UNet(
      configuration: configuration, values: step.values, batch: step.slice.count, mode: .inference,
      precision: precision)
    try inference.packWeights()
    unsafe copy(images(start.input, step.slice, configuration.pixelCount), to: inference.input)
    try inference.forwardInference()
    try gatherPredictions("eval", inference, heads: heads, into: &measured)

    try step.network.packWeights()
    let network = step.network.slices[0]
    unsafe copy(images(start.input, step.slice, configuration.pixelCount), to: network.input)
    let targets = heads.indices.flatMap { h in
      images(
        start.targets, step.slice.lowerBound + h * start.batch..<step.slice.upperBound + h * start.batch,
        configuration.pixelCount)
    }
    unsafe copy(targets[...], to: network.targets)
    for number in 1...start.plan.steps {
      let losses = try step.computeGradients()
      for (head, loss) in zip(heads, [losses.first, losses.second]) {
        measured["loss_\(head).step\(number)"] = [Float(loss)]
      }
      if number == 1 {
        try gatherPredictions("output", network, heads: heads, into: &measured)
        for tensor in layout.tensors where tensor.range.upperBound <= layout.trainedCount {
          measured["grad.\(tensor.name)"] = step.gradients.array(tensor.range)
        }
        for tensor in layout.tensors where tensor.role == .movingMean {
          let layer = String(tensor.name.dropLast(".moving_mean".count))
          let statistics = network.batchStatistics(of: layer)
          measured["batch.\(layer).mean"] = statistics.mean
          measured["batch.\(layer).variance"] = statistics.variance
        }
      }
      try step.update(step: number, learningRate: ReferenceStep.learningRate)
      if number != 2 {
        for tensor in layout.tensors {
          measured["after\(number).\(tensor.name)"] = step.values.array(tensor.range)
        }
      }
    }
    return measured
  }

  /// Joins every rank's predictions, head by head in rank order, on rank 0. Collective.
  private func gatherPredictions(
    _ name: String, _ network: UNet, heads: [String], into measured: inout [String: [Float]]
  ) throws {
    let predictions = unsafe Array(network.predictions)
    let count = network.batch * network.configuration.pixelCount
    for (h, head) in heads.enumerated() {
      measured["\(name).\(head)"] = try communicator.gather(Array(predictions[h * count..<(h + 1) * count]), root: 0)
    }
  }

  private func images(_ pixels: [Float], _ range: Range<Int>, _ pixelCount: Int) -> ArraySlice<Float> {
    pixels[range.lowerBound * pixelCount..<range.upperBound * pixelCount]
  }

  private func copy(_ source: ArraySlice<Float>, to destination: UnsafeMutableBufferPointer<Float>) {
    precondition(source.count == destination.count, "\(source.count) floats for a buffer of \(destination.count)")
    for (i, value) in source.enumerated() { unsafe destination[i] = value }
  }
}
