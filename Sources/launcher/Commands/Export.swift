import ArgumentParser
import Training

/// `launcher export`.
struct Export: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the weights of a checkpoint alone, as a safetensors file.")

  @Option(help: ArgumentHelp("The checkpoint to read.", valueName: "file"))
  var checkpoint: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The weight file to write.", valueName: "file"))
  var output = "weights.safetensors"

  @OptionGroup var choice: ChoiceOption
  @OptionGroup var format: JSONFlag

  func run(_ job: Job) throws -> ExitStatus {
    let report = try job.onRoot {
      let checkpoint = try Checkpoint(contentsOf: checkpoint)
      let weights = try NetworkWeights(checkpoint, choice: choice.which)
      try weights.write(
        to: output,
        metadata: [
          "data": checkpoint.dataName, "epoch": "\(checkpoint.state.epoch)", "step": "\(checkpoint.state.step)",
          "which": choice.which.rawValue,
        ])
      return Report(
        parameters: weights.parameters, output: output, which: choice.which.rawValue, step: checkpoint.state.step,
        data: checkpoint.dataName)
    }
    if let report {
      if format.json {
        Output.json(report)
      } else {
        Output.line(
          "\(report.output): \(report.parameters) parameters, the \(report.which) weights of step \(report.step)")
      }
    }
    return .done
  }

  private struct Report: Encodable {
    var parameters: Int
    var output: String
    var which: String
    /// Step of the checkpoint; the best weights may be those of an earlier one.
    var step: Int
    var data: String
  }
}
