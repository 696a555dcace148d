import ArgumentParser
import Interchange
import Model
import Training

/// `launcher export`.
struct Export: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write weights alone: as a safetensors file, or for Keras or ONNX.",
    discussion: """
      keras: a model.weights.h5 that load_weights of a Keras 3 model like the published one takes. onnx: a model with input \
      mixed [batch, 1, 32, 32] (or as large as its pictures are) and an output for each head, for onnxruntime and others (operator set \
      \(ONNXModel.operatorSet)).
      """)

  /// How the weights are written.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case safetensors, keras, onnx
  }

  @Option(help: ArgumentHelp("The checkpoint to read.", valueName: "file"))
  var checkpoint: String?

  @Option(help: ArgumentHelp("The weight file to read, in place of a checkpoint.", valueName: "file"))
  var weights: String?

  @Option(help: "What to write: safetensors, keras or onnx.")
  var format = Format.safetensors

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write. Default: weights.safetensors, model.weights.h5 or model.onnx.", valueName: "file"))
  var output: String?

  @OptionGroup var choice: ChoiceOption
  @OptionGroup var report: JSONFlag

  func validate() throws {
    guard (checkpoint == nil) != (weights == nil) else {
      throw ValidationError("--checkpoint or --weights, and not both, names the file to read")
    }
    try check(path: checkpoint, "--checkpoint")
    try check(path: weights, "--weights")
    try check(path: output, "--output")
    if format == .keras, let output, !output.hasSuffix(".weights.h5") {
      throw ValidationError("--output \(output): Keras reads weights from files called NAME.weights.h5 alone")
    }
  }

  func run(_ job: Job) throws -> ExitStatus {
    let report = try job.onRoot { try write() }
    if let report {
      if self.report.json {
        Output.json(report)
      } else {
        Output.line("\(report.output): \(report.parameters) parameters, \(report.origin)")
      }
    }
    return .done
  }

  private func write() throws -> Report {
    let (network, origin, metadata) = try source()
    let file = output ?? format.usualName
    switch format {
    case .safetensors: try network.write(to: file, metadata: metadata)
    case .keras:
      let weights = KerasWeightsFile(configuration: network.configuration, values: network.values.array())
      try FileSystem.writeAtomically(try weights.serialized(), to: file)
    case .onnx:
      let model = ONNXModel(configuration: network.configuration, values: network.values.array())
      do {
        try FileSystem.writeAtomically(try model.serialized(metadata: metadata), to: file)
      } catch let error as ONNXModelError {
        throw UsageError(option: "--format onnx", reason: "\(error)")
      }
    }
    return Report(
      parameters: network.parameters, output: file, format: format.rawValue, origin: origin,
      which: metadata["which"], step: metadata["step"].flatMap { Int($0) }, data: metadata["data"])
  }

  /// The weights, where they come from in words, and what is noted beside them.
  private func source() throws -> (NetworkWeights, origin: String, metadata: [String: String]) {
    if let checkpoint { return try source(Checkpoint(contentsOf: checkpoint)) }
    let path = weights ?? ""
    // Before it is tried as a checkpoint, so that the problems of a weight file are named as such.
    let file = try SafeTensorsFile(contentsOf: path)
    do {
      return try source(Checkpoint(contentsOf: path))
    } catch CheckpointError.notACheckpoint {
      return (try NetworkWeights(contentsOf: path, choice: choice.which), "the weights of \(path)", file.metadata)
    }
  }

  /// The same of a checkpoint, whose own metadata would make the weight file pass for one.
  private func source(
    _ checkpoint: Checkpoint
  ) throws -> (NetworkWeights, origin: String, metadata: [String: String]) {
    let (state, which) = (checkpoint.state, choice.which ?? .best)
    return (
      try NetworkWeights(checkpoint, choice: which),
      "the \(which.rawValue) weights of step \(state.step)",
      [
        "data": checkpoint.dataName, "epoch": "\(state.epoch)", "step": "\(state.step)",
        "which": which.rawValue,
      ]
    )
  }

  private struct Report: Encodable {
    var parameters: Int
    var output: String
    var format: String
    private(set) var origin: String
    /// Of a checkpoint's weights.
    var which: String?
    /// Step of the checkpoint; the best weights may be those of an earlier one.
    var step: Int?
    var data: String?
  }
}

extension Export.Format {
  var usualName: String {
    switch self {
    case .safetensors: "weights.safetensors"
    case .keras: "model.weights.h5"
    case .onnx: "model.onnx"
    }
  }
}
