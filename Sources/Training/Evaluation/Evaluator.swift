package import Dataset
package import Distributed
package import Model

import Glibc

/// Rounds of test pairs, drawn with replacement: the published measure of a network.
///
/// Pair i of round r is pair i of the stream's step r. All ranks compute, in batches of ``Predictor/defaultBatch`` pairs
/// that are the same for any number of ranks and dealt in blocks; rank 0 sums the pairs' errors in pair order in f64. So
/// the result is the same to the last bit for any number of ranks of one kind of machine.
package struct Evaluator {
  /// The network that predicts; a network of its own on every rank.
  package let predictor: Predictor

  private let network: UNetConfiguration
  private let precision: Precision
  private let sources: SourceData
  private let communicator: Communicator

  /// Plans the network over the weights `values` (shared; read again by every evaluation). Local.
  package init(
    network: UNetConfiguration, values: AlignedBuffer<Float>, precision: Precision, sources: SourceData,
    communicator: Communicator
  ) throws {
    predictor = try Predictor(configuration: network, values: values, precision: precision)
    (self.network, self.precision, self.sources, self.communicator) = (network, precision, sources, communicator)
  }

  /// How often a round of `pairs` pairs calls what it was given for after each batch; the same on every rank.
  package func batchesOfRound(pairs: Int) -> Int {
    let batches = (pairs + predictor.batch - 1) / predictor.batch
    return (batches + communicator.size - 1) / communicator.size
  }

  /// What a batch took on this rank, in seconds; nothing where the rank had none.
  package struct BatchSeconds: Sendable, Equatable {
    /// Drawing and mixing the pairs.
    package var data = 0.0
    package var forward = 0.0
    /// Errors of the predictions.
    package var errors = 0.0
    package var total: Double { data + forward + errors }
  }

  /// Numbers of one pair: mean squared errors of the first head, the second, and both projected.
  private static let errorsPerPair = 4

  /// Evaluates `rounds` rounds of `pairs` pairs of `split`, both at least 1. Collective; every rank receives the result.
  ///
  /// `afterEachBatch` may be collective: all ranks call it equally often, those with fewer batches too. `afterEachRound` gets, on
  /// rank 0 alone, each pair's mean of both heads' mean squared errors, in pair order.
  /// Throws ``RunError/usage(option:reason:)`` for numbers that cannot be.
  package func evaluate(
    rounds: Int, pairs: Int, seed: UInt64, split: Dataset.Stream,
    afterEachBatch: (BatchSeconds) throws -> Void = { _ in },
    afterEachRound: (_ round: Int, _ errors: [Double]) -> Void = { _, _ in }
  ) throws -> EvaluationResult {
    guard rounds >= 1 else { throw RunError.usage(option: "--rounds", reason: "\(rounds) is less than 1") }
    guard pairs >= 1 else { throw RunError.usage(option: "--pairs", reason: "\(pairs) is less than 1") }
    // Both are numbered in 32 bits by the generator of the pairs.
    guard rounds <= Int(UInt32.max), pairs <= Int(UInt32.max) / rounds else {
      throw RunError.usage(
        option: "--pairs", reason: "\(pairs) in each of \(rounds) rounds is more than \(UInt32.max) in all")
    }
    ProgressBoard.own.enter(.evaluation)
    try predictor.reload()
    let generator = MixingGenerator(sources: sources, stream: split, seed: seed, imageSize: network.imageSize)
    // Sums over each round's pairs: first head, second head, and both projected.
    var sums: [[Double]] = []
    for round in 0..<rounds {
      let errors = try communicator.gather(try errors(generator, round: round, pairs: pairs, afterEachBatch), root: 0)
      guard communicator.rank == 0 else { continue }
      precondition(errors.count == pairs * Self.errorsPerPair, "\(errors.count) errors of \(pairs) pairs")
      var sum = [Double](repeating: 0, count: Self.errorsPerPair)
      for (index, error) in errors.enumerated() { sum[index % Self.errorsPerPair] += error }
      sums.append(sum)
      afterEachRound(
        round,
        stride(from: 0, to: errors.count, by: Self.errorsPerPair).map { (errors[$0] + errors[$0 + 1]) / 2 })
    }
    let result = communicator.rank == 0 ? summarize(sums, pairs: pairs, seed: seed, split: split) : nil
    let text = try communicator.broadcast(text: result?.json() ?? "", root: 0)
    return try JSONText.decode(EvaluationResult.self, from: text)
  }

  /// This rank's part of a round: four mean squared errors for each of its pairs.
  private func errors(
    _ generator: MixingGenerator, round: Int, pairs: Int, _ afterEachBatch: (BatchSeconds) throws -> Void
  ) throws -> [Double] {
    let pixels = network.pixelCount
    let batches = (pairs + predictor.batch - 1) / predictor.batch
    let mine = TrainingStep.slice(of: batches, rank: communicator.rank, size: communicator.size)
    let mixed = AlignedBuffer<Float>(repeating: 0, count: predictor.batch * pixels)
    let targets = AlignedBuffer<Float>(repeating: 0, count: 2 * predictor.batch * pixels)
    let predictions = AlignedBuffer<Float>(repeating: 0, count: 2 * predictor.batch * pixels)
    var errors: [Double] = []
    for batch in mine {
      let range = batch * predictor.batch..<min((batch + 1) * predictor.batch, pairs)
      let count = range.count
      let input = unsafe mixed.elements(0..<count * pixels)
      let output = unsafe predictions.elements(0..<2 * count * pixels)
      var (watch, seconds) = (Stopwatch(), BatchSeconds())
      unsafe generator.fill(step: round, pairs: range, mixed: input, targets: targets.elements)
      seconds.data = watch.lap()
      try unsafe predictor.predict(mixed: UnsafeBufferPointer(input), into: output)
      seconds.forward = watch.lap()
      for pair in 0..<count {
        let (first, second) = (pair * pixels, (count + pair) * pixels)
        unsafe append(
          to: &errors, mixed: input.baseAddress! + first, predicted: output.baseAddress!, truth: targets.base,
          first: first, second: second)
      }
      seconds.errors = watch.lap()
      try afterEachBatch(seconds)
      ProgressBoard.own.batchEnded()
    }
    // Rank 0 has the most.
    let most = TrainingStep.slice(of: batches, rank: 0, size: communicator.size).count
    for _ in mine.count..<most { try afterEachBatch(BatchSeconds()) }
    return errors
  }

  private func append(
    to errors: inout [Double], mixed: UnsafePointer<Float>, predicted: UnsafePointer<Float>,
    truth: UnsafePointer<Float>, first: Int, second: Int
  ) {
    var (sumA, sumB, projectedA, projectedB) = (0.0, 0.0, 0.0, 0.0)
    for pixel in 0..<network.pixelCount {
      let (a, b) = unsafe (Double(predicted[first + pixel]), Double(predicted[second + pixel]))
      let (trueA, trueB) = unsafe (Double(truth[first + pixel]), Double(truth[second + pixel]))
      sumA += (a - trueA) * (a - trueA)
      sumB += (b - trueB) * (b - trueB)
      let projected = unsafe project(first: a, second: b, mixed: Double(mixed[pixel]))
      projectedA += (projected.first - trueA) * (projected.first - trueA)
      projectedB += (projected.second - trueB) * (projected.second - trueB)
    }
    for sum in [sumA, sumB, projectedA, projectedB] { errors.append(sum / Double(network.pixelCount)) }
  }

  private func summarize(_ sums: [[Double]], pairs: Int, seed: UInt64, split: Dataset.Stream) -> EvaluationResult {
    let means = sums.map { $0.map { $0 / Double(pairs) } }
    let rounds = means.map { ($0[0] + $0[1]) / 2 }
    let spread = Self.spread(rounds)
    return EvaluationResult(
      mseMean: spread.mseMean, mseStd: spread.mseStd, rounds: rounds,
      mseBySource: [
        network.heads[0]: Self.spread(means.map { $0[0] }).mseMean,
        network.heads[1]: Self.spread(means.map { $0[1] }).mseMean,
      ],
      psnrDb: spread.mseMean > 0 ? 10 * log10(1 / spread.mseMean) : nil,
      standardError: rounds.count > 1 ? spread.mseStd / Double(rounds.count - 1).squareRoot() : nil,
      projected: Self.spread(means.map { ($0[2] + $0[3]) / 2 }), pairs: pairs, seed: seed, split: "\(split)",
      precision: precision.rawValue, data: "\(sources.origin)")
  }

  /// Mean and population standard deviation.
  static func spread(_ values: [Double]) -> EvaluationResult.Spread {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return .init(mseMean: mean, mseStd: variance.squareRoot())
  }
}

/// Moves two predicted intensities by the same residual, so that their average is `mixed`, and clamps them to [0, 1].
func project(first: Double, second: Double, mixed: Double) -> (first: Double, second: Double) {
  let residual = mixed - (first + second) / 2
  return (min(max(first + residual, 0), 1), min(max(second + residual, 0), 1))
}
