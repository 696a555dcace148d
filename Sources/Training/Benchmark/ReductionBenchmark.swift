package import Distributed
import Model

/// Bandwidth of sums over the ranks: plain MPI_Allreduce, the training step's own sums and its buckets as messages, in turn.
///
/// Bandwidth as nccl-tests define it: the algorithm's is bytes / seconds; the bus's is that times 2 (n - 1) / n for n ranks, what
/// each rank's link has to carry in each direction whatever the algorithm, so that it compares with the hardware.
package struct ReductionBenchmark {
  /// One way to add a buffer up.
  package enum Method: String, Sendable, Codable, CaseIterable {
    /// MPI_Allreduce of f32, blocking.
    case allreduce
    /// As a training step adds gradients up: in shared memory within a node where that can be, f32 buckets between nodes.
    case step
    /// The gradient's buckets as nonblocking messages between all ranks, as between nodes.
    case buckets
    /// The same, travelling as bf16; its bytes count as those of the f32 it stands for.
    case bucketsBF16 = "buckets_bf16"
  }

  /// Figures of one method and size; times are those of the slowest rank.
  package struct Timing: Sendable, Codable, Equatable {
    package var method: Method
    package var microsecondsMedian: Double
    package var microsecondsBest: Double
    /// Of the median, 10^9 bytes a second.
    package var algorithmGBPerSecond: Double
    package var busGBPerSecond: Double

    enum CodingKeys: String, CodingKey {
      case method
      case microsecondsMedian = "us_median"
      case microsecondsBest = "us_best"
      case algorithmGBPerSecond = "algbw_gb_s"
      case busGBPerSecond = "busbw_gb_s"
    }
  }

  /// Figures of one size.
  package struct Row: Sendable, Codable, Equatable {
    /// Of the f32 buffer on every rank.
    package var bytes: Int
    package var timings: [Timing]
  }

  /// All figures.
  package struct Result: Sendable, Codable, Equatable {
    package var ranks: Int
    package var bucketBytes: Int
    /// How the method `step` adds up.
    package var reduction: String
    package var repetitions: Int
    package var rows: [Row]

    enum CodingKeys: String, CodingKey {
      case ranks, reduction, repetitions, rows
      case bucketBytes = "bucket_bytes"
    }

    /// One JSON object on one line.
    package func json() -> String { JSONText.encode(self) }
  }

  private let bucketBytes: Int
  private let communicator: Communicator

  /// A benchmark on the ranks of `communicator` with messages of `bucketBytes`.
  package init(bucketBytes: Int, communicator: Communicator) {
    precondition(bucketBytes > 0, "buckets of \(bucketBytes) bytes")
    (self.bucketBytes, self.communicator) = (bucketBytes, communicator)
  }

  /// Adds buffers of each of `sizes` bytes up, `repetitions` times by every method after one that is not measured. Collective.
  ///
  /// Throws ``RunError/wrongSum(expected:found:)`` where a sum is not what it must be.
  package func run(sizes: [Int], repetitions: Int) throws -> Result {
    precondition(repetitions > 0 && sizes.allSatisfy { $0 >= 4 }, "\(repetitions) repetitions of sizes \(sizes)")
    let counts = sizes.map { $0 / MemoryLayout<Float>.stride }
    var rows: [Row] = []
    var reductions: Set<String> = []
    for count in counts {
      let (row, reduction) = try row(count: count, repetitions: repetitions)
      rows.append(row)
      reductions.insert(reduction)
    }
    return Result(
      ranks: communicator.size, bucketBytes: bucketBytes, reduction: reductions.sorted().joined(separator: "; "),
      repetitions: repetitions, rows: rows)
  }

  private func row(count: Int, repetitions: Int) throws -> (Row, reduction: String) {
    let plain = AlignedBuffer<Float>(repeating: 0, count: count)
    let step = try reducer(count, .f32, .sharedMemory)
    let reducers: [Method: GradientReducer] = [
      .step: step, .buckets: try reducer(count, .f32, .single), .bucketsBF16: try reducer(count, .bf16, .single),
    ]
    var seconds = [Method: [Double]]()
    for repetition in 0...repetitions {
      for method in Method.allCases {
        let values = reducers[method]?.gradients ?? plain
        unsafe values.elements.update(repeating: Float(communicator.rank + 1))
        try communicator.barrier()
        var watch = Stopwatch()
        if let reducer = reducers[method] {
          try reduce(reducer, count: count)
        } else {
          try unsafe communicator.allReduce(values.elements, .sum)
        }
        let lap = watch.lap()
        try checkSums(values, method)
        if repetition > 0 { seconds[method, default: []].append(lap) }
      }
    }
    let row = Row(
      bytes: 4 * count,
      timings: try Method.allCases.map { method in
        var slowest = seconds[method] ?? []
        try communicator.allReduce(&slowest, .max)
        return timing(method, slowest, bytes: 4 * count)
      })
    return (row, step.reduction)
  }

  private func reducer(_ count: Int, _ wire: GradientWire, _ grouping: NodeGrouping) throws -> GradientReducer {
    try GradientReducer(
      count: count, bucketBytes: bucketBytes, wire: wire, grouping: grouping, communicator: communicator)
  }

  private func reduce(_ reducer: GradientReducer, count: Int) throws {
    reducer.begin()
    do {
      try reducer.gradientsAreComplete(0..<count)
      try reducer.finishGradients()
    } catch {
      reducer.abandon()
      throw error
    }
  }

  /// The part of 1 + 2 + ... + n by which the sum over n ranks may be wrong: f32 holds it exactly, up to 5,792 ranks; bf16 has 8 bits
  /// after each addition, and whatever their number a sum that is a quarter off is none.
  static func tolerance(_ method: Method, ranks: Int) -> Float {
    method == .bucketsBF16 ? min(Float(ranks) / 256, 0.25) : ranks < 5793 ? 0 : 0x1p-20
  }

  private func checkSums(_ values: AlignedBuffer<Float>, _ method: Method) throws {
    let expected = Float(communicator.size * (communicator.size + 1) / 2)
    let tolerance = expected * Self.tolerance(method, ranks: communicator.size)
    for i in 0..<values.count {
      let found = unsafe values.base[i]
      guard abs(found - expected) <= tolerance else {
        throw RunError.wrongSum(expected: expected, found: found)
      }
    }
  }

  private func timing(_ method: Method, _ seconds: [Double], bytes: Int) -> Timing {
    let (median, ranks) = (StepBenchmark.median(seconds), Double(communicator.size))
    let algorithm = Double(bytes) / median * 1e-9
    return Timing(
      method: method, microsecondsMedian: median * 1e6, microsecondsBest: (seconds.min() ?? .infinity) * 1e6,
      algorithmGBPerSecond: algorithm, busGBPerSecond: algorithm * 2 * (ranks - 1) / ranks)
  }
}
