import ArgumentParser
import Dataset
import Model
import Training

/// `launcher demo`.
struct Demo: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Mix some test pairs, separate them, and write one picture of it.",
    discussion: """
      Each row: the mixed picture, both predictions, both true pictures, and how far each prediction is from the truth, four times \
      as bright. Opens nothing. Rank 0 does the work.
      """)

  @OptionGroup var weights: WeightsOptions
  @OptionGroup var data: DataOptions

  @Option(parsing: .unconditional, help: "Rows of the picture.")
  var pairs = 6

  @OptionGroup var seed: SeedOption

  @Option(name: .shortAndLong, help: ArgumentHelp("The picture to write.", valueName: "file.png"))
  var output = "demo.png"

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var format: JSONFlag

  func validate() throws {
    try check(pairs, in: 1...200, "--pairs")
    try check(path: output, "--output")
  }

  func run(_ job: Job) throws -> ExitStatus {
    let choice = try job.decide { data.choice(seed: seed.seed) }
    let pictures = try job.loadPictures(choice)
    let separated = try job.onRoot { try separate(pictures, job) }
    if let separated { report(separated, heads: pictures.names) }
    return .done
  }

  /// Rank 0's work: the pairs, whose picture is written.
  private func separate(_ pictures: SourceData, _ job: Job) throws -> [SeparatedPair] {
    let network = try weights.load()
    try network.check(separates: pictures)
    let most = PictureGrid.mostRows(columns: SeparatedPair.columns, side: network.configuration.imageSize)
    guard pairs <= most else {
      throw UsageError(
        option: "--pairs", reason: "\(pairs) rows are more than a picture of these can have; at most \(most)")
    }
    let (precision, threads) = (compute.precision(job.automatic), compute.threads(job.automatic))
    useThreads(threads)
    job.announce(pictures, precision: precision, threads: threads)
    return try SeparatedPair.demonstrate(
      pairs, of: pictures, seed: seed.seed, weights: network, precision: precision, path: output)
  }

  private func report(_ pairs: [SeparatedPair], heads: [String]) {
    let mean = pairs.reduce(0) { $0 + $1.meanError } / Double(pairs.count)
    if format.json {
      Output.json(Report(file: output, pairs: pairs.count, mse: mean))
      return
    }
    for pair in pairs {
      let errors = zip(heads, pair.errors).map { "\($0) \(Float($1))" }.joined(separator: ", ")
      Output.line("pair \(pair.number + 1): mse \(errors)")
    }
    Output.line(output)
  }

  private struct Report: Encodable {
    var file: String
    var pairs: Int
    /// Mean of both sources' mean squared errors over the pairs.
    var mse: Double
  }
}
