import ArgumentParser
import Model
import Training

/// `launcher export`: the weights of a checkpoint alone.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write a checkpoint's weights alone, as safetensors.")

  enum Which: String, ExpressibleByArgument, CaseIterable { case best, current }

  @Option(help: ArgumentHelp("The checkpoint.", valueName: "file"))
  var checkpoint: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @Option(help: "Weights of the best epoch, or the current ones.")
  var which = Which.best

  @OptionGroup var results: OutputOptions

  func run() throws {
    let file = try Checkpoint(contentsOf: checkpoint)
    let weights = try file.weights(best: which == .best)
    let layout = ParameterLayout(file.configuration.network)
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    values.copy(weights)
    let export = SafeTensorsFile(
      weights: values, layout: layout,
      metadata: ["data": file.dataName, "step": "\(file.state.step)", "which": which.rawValue])
    try writeFile(try export.serialized(), to: output)
    struct Report: Encodable {
      let parameters: Int
      let output: String
      let step: Int
      let which: String
    }
    let report = Report(parameters: layout.count, output: output, step: file.state.step, which: which.rawValue)
    Console.write(
      results.json
        ? try json(report) : "\(output): \(layout.count) parameters, \(which.rawValue) of step \(report.step)",
      to: .standardOutput)
  }
}
