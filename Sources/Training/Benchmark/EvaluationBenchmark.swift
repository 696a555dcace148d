package import Dataset
package import Distributed
import Model

/// Throughput of evaluation on this machine: rounds of pairs, as ``Evaluator`` computes them, of a network with new weights.
package struct EvaluationBenchmark {
  /// What was measured; the phases are rank 0's.
  package struct Result: Sendable, Codable, Equatable {
    /// Pairs of all ranks per second in the median batch; a batch takes as long as its slowest rank.
    package var imagesPerSecondMedian: Double
    /// In the fastest batch.
    package var imagesPerSecondMax: Double
    /// Of the slowest rank.
    package var msPerBatchMedian: Double
    /// Median milliseconds of each part of a batch.
    package var phases: [String: Double]
    /// Billion floating point operations a second that plain sums would take for all ranks' convolutions in the median batch.
    package var gflops: Double
    /// The same of product instructions from registers on all ranks' threads, median of one look after each batch; nil where no
    /// loop is known for the processor.
    package var peakGflops: Double?
    /// `gflops` of `peakGflops`; may be above 1 where Winograd's algorithm does with fewer products.
    package var fractionOfPeak: Double?
    /// The instruction of `peakGflops`.
    package var peakInstruction: String?
    /// Largest resident memory of a rank, MiB.
    package var residentMiB: Double
    package var batches: Int
    /// Pairs of a batch of each rank.
    package var batch: Int
    package var ranks: Int
    package var threads: Int
    package var precision: String
    package var instructionSet: String
    package var parameters: Int
    /// "synthetic" where the pictures were drawn.
    package var data: String

    enum CodingKeys: String, CodingKey {
      case imagesPerSecondMedian = "images_per_s_median"
      case imagesPerSecondMax = "images_per_s_max"
      case msPerBatchMedian = "ms_per_batch_median"
      case phases, gflops
      case peakGflops = "peak_gflops"
      case fractionOfPeak = "fraction_of_peak"
      case peakInstruction = "peak_instruction"
      case residentMiB = "resident_mib"
      case batches, batch, ranks, threads, precision
      case instructionSet = "instruction_set"
      case parameters, data
    }
  }

  let configuration: RunConfiguration
  let sources: SourceData
  let communicator: Communicator

  /// A benchmark of `configuration`'s network, precision and threads. Throws ``RunError``. Local.
  package init(configuration: RunConfiguration, sources: SourceData, communicator: Communicator) throws {
    try configuration.check()
    (self.configuration, self.sources, self.communicator) = (configuration, sources, communicator)
  }

  /// Evaluates `warmUp` batches on every rank, then measures `batches`, at least 1. Collective; the result is the same on every rank.
  package func run(warmUp: Int, batches: Int) throws -> Result {
    precondition(warmUp >= 0 && batches >= 1, "\(batches) batches after \(warmUp)")
    useThreads(configuration.threads)
    let weights = NetworkWeights(initialised: configuration.network, seed: configuration.seed)
    let evaluator = try Evaluator(
      network: configuration.network, values: weights.values, precision: configuration.precision, sources: sources,
      communicator: communicator)
    let peak = ProductPeak(configuration.precision, threads: configuration.threads)
    var (peaks, times): ([Double], [Evaluator.BatchSeconds]) = ([], [])
    let batch = evaluator.predictor.batch
    // A round is a batch of every rank: what is gathered stays small.
    _ = try evaluator.evaluate(
      rounds: warmUp + batches, pairs: batch * communicator.size, seed: configuration.seed, split: .test,
      afterEachBatch: { seconds in
        times.append(seconds)
        // No rank takes its peak beside others' work.
        try communicator.barrier()
        var watch = Stopwatch()
        if let peak { peaks.append(Double(peak.run()) / watch.lap()) }
      })
    precondition(times.count == warmUp + batches, "\(times.count) batches in place of \(warmUp + batches)")
    let measured = times.dropFirst(warmUp)
    var slowest = measured.map(\.total)
    try communicator.allReduce(&slowest, .max)
    var sums = [peaks.isEmpty ? 0 : StepBenchmark.median(Array(peaks.dropFirst(warmUp)))]
    try communicator.allReduce(&sums, .sum)
    var resident = [StepBenchmark.residentBytes()]
    try communicator.allReduce(&resident, .max)

    let (images, median) = (Double(batch * communicator.size), StepBenchmark.median(slowest))
    let perSecond = images * Double(configuration.network.operations.forward) / median
    let result = Result(
      imagesPerSecondMedian: images / median, imagesPerSecondMax: images / (slowest.min() ?? .infinity),
      msPerBatchMedian: median * 1000,
      phases: [
        "data": StepBenchmark.median(measured.map(\.data)) * 1000,
        "forward": StepBenchmark.median(measured.map(\.forward)) * 1000,
        "errors": StepBenchmark.median(measured.map(\.errors)) * 1000,
      ],
      gflops: perSecond * 1e-9, peakGflops: peak.map { _ in sums[0] * 1e-9 },
      fractionOfPeak: peak.map { _ in perSecond / sums[0] }, peakInstruction: peak?.instruction,
      residentMiB: resident[0] / 1_048_576, batches: batches, batch: batch, ranks: communicator.size,
      threads: configuration.threads, precision: configuration.precision.rawValue,
      instructionSet: InstructionSet.inUse.rawValue, parameters: weights.parameters, data: "\(sources.origin)")
    return try JSONText.decode(Result.self, from: communicator.broadcast(text: JSONText.encode(result), root: 0))
  }
}
