import ArgumentParser
import Interchange
import Model
import Training

/// `launcher import`.
struct ImportCommand: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Write Keras's weights as a safetensors file that the other commands read.",
    discussion: """
      Takes what save_weights("model.weights.h5") or save("model.keras") of Keras 3 wrote for a model like the published one, \
      of any number of channels, stages and convolutions. Keras's optimiser stays behind.
      """)

  @Option(help: ArgumentHelp("A model.weights.h5, or a .keras archive.", valueName: "file"))
  var keras: String

  @Option(
    help: ArgumentHelp(
      "Names of the two heads, in the order of the model's outputs. Default: those that export noted, else those of their "
        + "layers, NAME_out, else mnist,fashion.", valueName: "a,b"))
  var heads: String?

  @Option(
    parsing: .unconditional,
    help: "Longer side of the pictures that the model was trained on, without what stands around them.")
  var pictureSide = UNetConfiguration().pictureSide

  @Option(name: .shortAndLong, help: ArgumentHelp("The weight file to write.", valueName: "file"))
  var output = "weights.safetensors"

  @OptionGroup var format: JSONFlag

  func validate() throws {
    try check(path: keras, "--keras")
    try check(path: output, "--output")
    try check(pictureSide, in: 1...UNetConfiguration.maximumImageSize, "--picture-side")
  }

  func run(_ job: Job) throws -> ExitStatus {
    let report = try job.onRoot {
      let names = try heads.map { try Self.names(of: $0) }
      let file = try KerasWeightsFile(bytes: try FileSystem.read(keras), path: keras, heads: names)
      // A file of weights does not say how large its pictures are.
      var configuration = file.configuration
      configuration.fit(pictureSide: pictureSide)
      if !file.namesHeads {
        let names = configuration.heads.joined(separator: " and ")
        Output.note("import: \(keras) does not name its heads; they are called \(names), --heads A,B says otherwise")
      }
      let weights = NetworkWeights(configuration: configuration, values: file.values)
      try weights.write(to: output, metadata: ["origin": "Keras"])
      return Report(parameters: weights.parameters, heads: file.configuration.heads, output: output)
    }
    if let report {
      if format.json {
        Output.json(report)
      } else {
        Output.line(
          "\(report.output): \(report.parameters) parameters, heads \(report.heads.joined(separator: " and "))")
      }
    }
    return .done
  }

  private static func names(of text: String) throws -> [String] {
    let network = UNetConfiguration(
      heads: text.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
    if network.headsProblem != nil {
      throw UsageError(
        option: "--heads \(text)",
        reason:
          "two different names for tensors and files, A,B, are wanted, neither of them \(UNetConfiguration.inputName)")
    }
    return network.heads
  }

  private struct Report: Encodable {
    var parameters: Int
    var heads: [String]
    var output: String
  }
}
