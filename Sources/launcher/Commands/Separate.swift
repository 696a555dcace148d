import ArgumentParser
import Model
import Training

/// `launcher separate`.
struct Separate: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Separate mixed pictures.",
    discussion: """
      A picture NAME.png becomes NAME-mnist.png and NAME-fashion.png of the same size (with other weights, other names); a \
      safetensors batch becomes predictions.safetensors with a tensor [N,32,32] for each source. Rank 0 does the work.
      """)

  @Argument(
    help: "PNG pictures (28x28 or 32x32, grey) or safetensors files with a tensor \"mixed\" [N,32,32] f32, 0 to 1.")
  var input: [String]

  @OptionGroup var weights: WeightsOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Folder for the results; made where it is missing.", valueName: "dir"))
  var output = "."

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var format: JSONFlag

  func validate() throws { _ = try weights.required() }

  func run(_ job: Job) throws -> ExitStatus {
    let separation = try job.onRoot {
      let network = try NetworkWeights(contentsOf: weights.required(), choice: weights.choice.which)
      let separation = try Separation(inputs: input, heads: network.configuration.heads, folder: output)
      let (precision, threads) = (compute.precision(job.automatic), compute.threads(job.automatic))
      useThreads(threads)
      job.announce(nil, precision: precision, threads: threads)
      try separation.run(weights: network, precision: precision)
      return separation
    }
    if let separation { report(separation, precision: compute.precision(job.automatic)) }
    return .done
  }

  private func report(_ separation: Separation, precision: Precision) {
    if format.json {
      Output.json(Report(count: separation.count, files: separation.results, precision: precision))
    } else {
      separation.results.forEach(Output.line)
    }
  }

  private struct Report: Encodable {
    /// Pictures separated.
    var count: Int
    /// Files written.
    var files: [String]
    var precision: Precision
  }
}
