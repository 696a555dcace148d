import ArgumentParser
import Dataset
import Model
import Training

/// `launcher replay`.
struct Replay: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Repeat a step that met NaN or infinity; exit code 1 where it does so again.",
    discussion: """
      A run that stops for such a step keeps it in its folder: failed-step.json names the layer and the pictures, \
      failed-step.safetensors holds the weights before the step. With --precision f32 the replay tells whether bf16 was \
      the reason. A checkpoint in place of the folder replays the step that followed it.
      """)

  @Argument(help: ArgumentHelp("The run folder, or a checkpoint.", valueName: "run|file"))
  var run: String

  @OptionGroup var data: DataOptions

  @Option(help: "Arithmetic: auto, f32 or bf16. Default: the run's.")
  var precision: ComputeOptions.PrecisionChoice?

  @Option(parsing: .unconditional, help: "Threads of each rank. Default: its own cores, or its share of the node's.")
  var threads: Int?

  @OptionGroup var output: JSONFlag

  func validate() throws {
    if let threads { try check(threads, in: 1...4096, "--threads") }
  }

  /// What rank 0 read and decided.
  private struct Decision: Codable {
    var configuration: RunConfiguration
    var stepsDone: Int
    var statistics: NormalisationStatistics
    var message: String?
    var fingerprint: String
    var precision: Precision
    var threads: Int
    var data: DataChoice
  }

  func run(_ job: Job) throws -> ExitStatus {
    let start = try job.onRoot { try StepReplay.Start(run) }
    let decision = try job.decide {
      guard let start else { preconditionFailure("rank 0 decides without a start") }
      let configuration = start.checkpoint.configuration
      var choice = data.choice(seed: configuration.seed)
      if choice.data == nil && choice.sources == nil {
        (choice.data, choice.sources) = (configuration.data, configuration.sources)
      }
      return Decision(
        configuration: configuration, stepsDone: start.checkpoint.state.step, statistics: start.statistics,
        message: start.failed?.message,
        fingerprint: start.checkpoint.dataFingerprint,
        precision: precision?.precision(job.automatic) ?? configuration.precision,
        threads: threads ?? job.automatic.threads, data: choice)
    }
    let pictures = try job.loadPictures(decision.data)
    _ = try job.onRoot {
      guard pictures.fingerprint == decision.fingerprint else {
        throw UsageError(option: "--data", reason: "other pictures than those of the run; name the run's")
      }
    }
    let weights = try NetworkWeights(
      sharing: job.onRoot { try start.map { try NetworkWeights($0.checkpoint, choice: .current) } } ?? nil,
      communicator: job.communicator)
    useThreads(decision.threads)
    job.announce(pictures, precision: decision.precision, threads: decision.threads)
    let replay = try StepReplay(
      decision.configuration, stepsDone: decision.stepsDone, statistics: decision.statistics, weights: weights,
      precision: decision.precision, sources: pictures, communicator: job.communicator)
    let result = try replay.run(message: decision.message)
    if job.isRoot { report(result) }
    return result.layer == nil ? .done : .checkFailed
  }

  private func report(_ result: StepReplay.Result) {
    if output.json {
      Output.json(result)
      return
    }
    var rows = [(name: "step", value: "\(result.step) in \(result.precision) on \(result.ranks) ranks")]
    if let message = result.message { rows.append(("the run said", message)) }
    if let losses = result.losses { rows.append(("losses", "\(Float(losses.first)) and \(Float(losses.second))")) }
    if let norm = result.gradientNorm { rows.append(("gradient norm", "\(Float(norm))")) }
    func list(_ norms: [StepReplay.TensorNorm]) -> String {
      norms.map { "\($0.tensor) \(Float($0.norm))" }.joined(separator: ", ")
    }
    if !result.largestGradients.isEmpty { rows.append(("largest gradients", list(result.largestGradients))) }
    rows.append(("largest weights", list(result.largestWeights)))
    rows.append(("verdict", result.layer.map { "not finite again, from \($0) on" } ?? "all numbers are finite"))
    Output.line(table(rows))
  }
}
