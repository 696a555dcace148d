import ArgumentParser
import Dataset
import Model
import Training

/// `launcher verify`: a training step on this machine against a float64 reference.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a training step on these ranks with a float64 reference, tensor by tensor.",
    discussion: "Without --reference the program computes one itself, in plain f64 loops. Exit code 1: a tensor is off."
  )

  @Option(help: ArgumentHelp("Reference step (.safetensors).", valueName: "file"))
  var reference: String?

  @Option(help: ArgumentHelp("Weights or a checkpoint to start from. Default: initial weights.", valueName: "file"))
  var weights: String?

  @Option(help: "Pairs of the step, without --reference.")
  var globalBatch = 4

  @OptionGroup var network: NetworkOptions
  @OptionGroup var dataOptions: DataOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var results: OutputOptions

  func validate() throws {
    if reference != nil && weights != nil {
      throw ValidationError("--weights: a reference brings its own weights; give one of the two")
    }
    if globalBatch < 1 { throw ValidationError("--global-batch: \(globalBatch) is less than 1") }
  }

  func run() throws {
    let session = try Session.start()
    let precision = try session.precision(compute.precision)
    useThreads(try session.threads(compute.threads))
    let step = session.isRoot ? try referenceStep() : nil
    let verdict = try StepVerifier(precision: precision, communicator: session.communicator).verify(step)
    if results.json {
      session.print(try json(verdict))
    } else {
      session.print(
        "\(verdict.passed ? "passed" : "FAILED"): \(verdict.tensors) tensors, the nearest to its tolerance is "
          + "\(verdict.worst.name), relative error \(verdict.worst.relativeError.map { "\($0)" } ?? "-")")
    }
    for failure in verdict.failures { session.note("\(failure.name): \(failure.problem)") }
    guard verdict.passed else { throw ExitStatus.checkFailed }
  }

  /// Rank 0's reference: the file's, or one computed from weights and the first pairs of the training stream.
  private func referenceStep() throws -> ReferenceStep {
    if let reference {
      guard isReadable(reference) else {
        throw CommandError(status: .inputMissing, description: "--reference: no file \(reference)")
      }
      return try ReferenceStep(contentsOf: reference)
    }
    let environment = environmentOfData()
    let sources = try loadSources(
      DataRequest(data: dataOptions.data, sources: dataOptions.sources, environment: environment, seed: seed.seed))
    let file = try weights.map { try WeightsFile(contentsOf: $0) }
    let shape = file?.configuration ?? network.configuration(heads: sources.names)
    let layout = ParameterLayout(shape)
    let values = file?.values ?? AlignedBuffer(repeating: 0, count: layout.count)
    if file == nil {
      var numbers = PhiloxGenerator(seed: seed.seed, stream: 3)
      initializeWeights(values, layout: layout, using: &numbers)
    }
    let pixels = UNetConfiguration.pixelCount
    var mixed = [Float](repeating: 0, count: globalBatch * pixels)
    var targets = [Float](repeating: 0, count: 2 * globalBatch * pixels)
    let generator = MixingGenerator(sources: sources, stream: .training, seed: seed.seed)
    unsafe mixed.withUnsafeMutableBufferPointer { mixed in
      unsafe targets.withUnsafeMutableBufferPointer { targets in
        unsafe generator.fill(step: 0, pairs: 0..<globalBatch, mixed: mixed, targets: targets)
      }
    }
    return ReferenceStep(computedFor: shape, weights: values.array(), input: mixed, targets: targets)
  }
}
