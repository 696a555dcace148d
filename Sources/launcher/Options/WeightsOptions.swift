import ArgumentParser
import Processes
import Training

/// `--weights`, `--which`.
struct WeightsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A weight file, or a checkpoint. Default: the weights shipped with the program; for verify, new ones.",
      valueName: "file"))
  var weights: String?

  @OptionGroup var choice: ChoiceOption

  func validate() throws { try check(path: weights, "--weights") }

  /// Reads the weights that are named, else those shipped with the program, which it says. Rank 0's alone.
  ///
  /// Throws ``ShippedWeights/Missing`` where none are named and none were shipped, else as ``NetworkWeights/init(contentsOf:choice:)``.
  func load() throws -> NetworkWeights {
    if let weights { return try NetworkWeights(contentsOf: weights, choice: choice.which) }
    let path = try ShippedWeights.find(for: ProcessTable.pathOfThisProgram)
    Output.note("weights: \(path), shipped with this program")
    return try NetworkWeights(contentsOf: path, choice: choice.which)
  }
}
