import ArgumentParser
import Training

/// `launcher benchmark allreduce`.
struct BenchmarkAllreduce: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "allreduce",
    abstract:
      "Sums over the ranks: bandwidth of MPI_Allreduce, of the training step's own and of its messages, by size.",
    discussion: """
      Bus bandwidth is bytes / seconds x 2 (n - 1) / n for n ranks, as nccl-tests define it: what each rank's link carries.
      """)

  @Option(parsing: .unconditional, help: "Repetitions of every size and method.")
  var repetitions = 15

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Sizes of the f32 buffer. Default: 1 KiB to 64 MiB by fours, and the gradient's.", valueName: "bytes"))
  var bytes: [Int] = (5...13).map { 1 << (2 * $0) } + [12_118_024]

  @OptionGroup var bucket: BucketOption
  @OptionGroup var output: JSONFlag

  func validate() throws {
    try check(repetitions, in: 1...100_000, "--repetitions")
    for size in bytes { try check(size, in: 4...1 << 32, "--bytes") }
  }

  private struct Decision: Codable {
    var bucketBytes: Int
    var bytes: [Int]
    var repetitions: Int
  }

  func run(_ job: Job) throws -> ExitStatus {
    let decision = try job.decide {
      Decision(bucketBytes: bucket.bucketBytes, bytes: bytes.sorted(), repetitions: repetitions)
    }
    let result = try ReductionBenchmark(bucketBytes: decision.bucketBytes, communicator: job.communicator)
      .run(sizes: decision.bytes, repetitions: decision.repetitions)
    if job.isRoot { report(result) }
    return .done
  }

  private func report(_ result: ReductionBenchmark.Result) {
    guard !output.json else { return Output.line(result.json()) }
    Output.line("\(result.ranks) ranks, medians of \(result.repetitions); bus GB/s; step: \(result.reduction)")
    Output.line(
      table(
        result.rows.map { row in
          let values = row.timings.map {
            "\($0.method.rawValue) \(Float($0.microsecondsMedian)) us, \(Float($0.busGBPerSecond)) GB/s"
          }
          return (name: "\(row.bytes) bytes", value: values.joined(separator: "   "))
        }))
  }
}
