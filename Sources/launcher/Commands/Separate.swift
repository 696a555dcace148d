import ArgumentParser
import Model
import Training

/// `launcher separate`.
struct Separate: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Separate mixed pictures.",
    discussion: """
      A picture NAME.png becomes NAME-mnist.png and NAME-fashion.png (with other weights, other names) of 28x28 or 32x32 pixels, as \
      it is; others are resized to fit 28x28 (with weights for other pictures, their sizes). Any depth and colour of PNG will do; colours count by their luminance, and the ground should be as dark as in training. A safetensors \
      batch becomes predictions.safetensors with a tensor [N,32,32] for each source; where it holds the true sources under these \
      names, their mean squared error is printed. Rank 0 does the work.
      """)

  @Argument(
    help: """
      PNG pictures, - for one from standard input, or safetensors files with a tensor "mixed" [N,32,32] f32, 0 to 1.
      """)
  var input: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Mix these two pictures, take them apart again and print the error.", valueName: "a.png b.png"))
  var mix: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What the one picture given was mixed from, in the order of the results: its error is printed.",
      valueName: "a.png b.png"))
  var truth: [String] = []

  @Flag(help: "Move both results alike, so that their average is the mixed picture, and keep them from 0 to 1.")
  var project = false

  @OptionGroup var weights: WeightsOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Folder for the results; made where it is missing.", valueName: "dir"))
  var output = "."

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var format: JSONFlag

  func validate() throws {
    try check(path: output, "--output")
    if input.isEmpty && mix.isEmpty { throw ValidationError("nothing to separate; give pictures or --mix A.png B.png") }
    for (option, paths) in [("--mix", mix), ("--truth", truth)] where ![0, 2].contains(paths.count) {
      throw ValidationError("\(option) takes two pictures, not \(paths.count)")
    }
    if !mix.isEmpty && !truth.isEmpty { throw ValidationError("--mix knows what it mixed; it takes no --truth") }
    if input.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input, -, can be read once only") }
  }

  private var request: SeparationRequest {
    var request = SeparationRequest()
    (request.inputs, request.mix, request.truth) = (input, mix, truth)
    (request.folder, request.projects) = (output, project)
    return request
  }

  func run(_ job: Job) throws -> ExitStatus {
    let done = try job.onRoot {
      let network = try weights.load()
      let separation = try Separation(request, network: network.configuration)
      let (precision, threads) = (compute.precision(job.automatic), compute.threads(job.automatic))
      useThreads(threads)
      job.announce(nil, precision: precision, threads: threads)
      separation.notes.forEach(Output.note)
      let showsProgress = Terminal.isStandardError && separation.count > 200
      let outcome = try separation.run(weights: network, precision: precision) { written in
        if showsProgress { Terminal.rewriteLine("\(written) of \(separation.count) pictures") }
      }
      if showsProgress { Terminal.rewriteLine("") }
      return (separation, outcome, network.configuration.heads)
    }
    if let (separation, outcome, heads) = done {
      report(separation, outcome, heads: heads, precision: compute.precision(job.automatic))
    }
    return .done
  }

  private func report(
    _ separation: Separation, _ outcome: Separation.Outcome, heads: [String], precision: Precision
  ) {
    if format.json {
      let errors = outcome.errors.map { [heads[0]: $0.first, heads[1]: $0.second] }
      Output.json(
        Report(
          count: separation.count, files: separation.results, precision: precision,
          mse: outcome.errors.map { ($0.first + $0.second) / 2 }, mseBySource: errors))
      return
    }
    separation.results.forEach(Output.line)
    if let errors = outcome.errors {
      Output.line(
        "mse \(Float((errors.first + errors.second) / 2)) (\(heads[0]) \(Float(errors.first)), "
          + "\(heads[1]) \(Float(errors.second))) of \(outcome.comparedCount) pictures")
    }
  }

  private struct Report: Encodable {
    /// Pictures separated.
    var count: Int
    /// Files written.
    var files: [String]
    var precision: Precision
    /// Mean of both sources' mean squared errors; nil where the truth is unknown.
    var mse: Double?
    var mseBySource: [String: Double]?

    enum CodingKeys: String, CodingKey {
      case count, files, precision, mse
      case mseBySource = "mse_by_source"
    }
  }
}
