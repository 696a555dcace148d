import ArgumentParser
import Model
import Training

/// `launcher separate`: takes mixed pictures apart.
struct Separate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Separate mixed pictures: PNG (28x28 or 32x32) or a safetensors batch \"mixed\" [N,32,32].",
    discussion: "Writes NAME-SOURCE.png for every picture and source, or predictions.safetensors for a batch.")

  @Option(help: ArgumentHelp("Weights or a checkpoint (.safetensors).", valueName: "file"))
  var weights: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Folder to write to.", valueName: "dir"))
  var output: String

  @Argument(help: "Mixed pictures.")
  var inputs: [String]

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var results: OutputOptions

  func run() throws {
    let session = try Session.start()
    let precision = try session.precision(compute.precision)
    useThreads(try session.threads(compute.threads))
    // A handful of pictures is one rank's work; the others wait for its end.
    guard session.isRoot else { return }
    let file = try WeightsFile(contentsOf: weights)
    for input in inputs where !isReadable(input) {
      throw CommandError(status: .inputMissing, description: "\(input): no such file")
    }
    let separation = try Separation(configuration: file.configuration, values: file.values, precision: precision)
    let found = try inputs.map { try separation.read($0) }
    try makeFolder(output)
    var (count, files) = (0, [String]())
    for mixed in found {
      for (name, bytes) in try separation.separate(mixed) {
        try writeFile(bytes, to: "\(output)/\(name)")
        files.append("\(output)/\(name)")
      }
      count += mixed.count
    }
    struct Report: Encodable {
      let count: Int
      let files: [String]
    }
    session.print(results.json ? try json(Report(count: count, files: files)) : files.joined(separator: "\n"))
  }
}
