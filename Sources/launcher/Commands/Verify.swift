import ArgumentParser
import Dataset
import Model
import Training

/// `launcher verify`.
struct Verify: JobCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Compare a training step with a reference, tensor by tensor; or prove --resume. Exit code 1 when they differ.",
    discussion: """
      Without --resume it takes the reference's training step on the ranks it was started on.

      Without --reference the program computes the step itself, in plain f64 loops on rank 0 (some ten seconds for the \
      published network), for new weights of the network options or for those of --weights.
      """)

  @Option(help: ArgumentHelp("A reference step, as safetensors. Default: computed by this program.", valueName: "file"))
  var reference: String?

  @OptionGroup var weights: WeightsOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var data: DataOptions

  @Option(
    parsing: .unconditional, help: "Pairs of the computed step, split over the ranks. Default: \(Self.usualBatch).")
  var globalBatch: Int?

  @Option(
    parsing: .unconditional,
    help: "Seed of weights, pairs and synthetic pictures, 0 or more. Default: \(RunConfiguration().seed).")
  var seed: UInt64?

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var slices: SlicesOption
  @OptionGroup(title: "Proof of resuming") var proof: ResumeProofOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    if proof.resume { try proveResume() }
    Job.run(run)
  }

  func validate() throws {
    try check(batch, in: 1...1024, "--global-batch")
    try check(path: reference, "--reference")
    if reference != nil, let option = (ofWeights + ofPairs).first(where: \.isGiven)?.option {
      throw ValidationError("--reference holds weights and pairs of its own; leave \(option) away")
    }
    if weights.weights != nil, let option = ofNetwork.first(where: \.isGiven)?.option {
      throw ValidationError("--weights are those of a network of their own; leave \(option) away")
    }
    if proof.resume && (reference != nil || weights.weights != nil) {
      throw ValidationError("--resume trains new weights; leave --reference and --weights away")
    }
    if weights.weights == nil && weights.choice.which != nil {
      throw ValidationError("--which chooses among the weights of a checkpoint; give --weights")
    }
    if proof.resume && data.data != nil && data.sources != nil {
      throw ValidationError("--sources: it names all pictures of a run; leave --data away")
    }
    if !proof.resume && slices.slices != nil { throw ValidationError("--slices belongs to --resume") }
  }

  static let usualBatch = 8
  var batch: Int { globalBatch ?? Self.usualBatch }
  var seedOrUsual: UInt64 { seed ?? RunConfiguration().seed }

  private typealias Given = (option: String, isGiven: Bool)
  private var ofNetwork: [Given] {
    [
      ("--base-channels", network.baseChannels != nil), ("--blocks", network.blocks != nil),
      ("--convolutions-per-block", network.convolutionsPerBlock != nil),
    ]
  }
  private var ofWeights: [Given] { [("--weights", weights.weights != nil)] + ofNetwork }
  private var ofPairs: [Given] {
    [
      ("--data", data.data != nil), ("--sources", data.sources != nil), ("--seed", seed != nil),
      ("--global-batch", globalBatch != nil),
    ]
  }

  func run(_ job: Job) throws -> ExitStatus {
    struct Decision: Codable {
      var precision: Precision
      var threads: Int
    }
    let decision = try job.decide {
      Decision(precision: compute.precision(job.automatic), threads: compute.threads(job.automatic))
    }
    useThreads(decision.threads)
    let step = try job.onRoot {
      try reference.map { try ReferenceStep(contentsOf: $0) } ?? computed(decision.precision)
    }
    job.announce(nil, precision: decision.precision, threads: decision.threads)
    let verdict = try StepVerifier(precision: decision.precision, communicator: job.communicator).verify(step)
    if job.isRoot { report(verdict, precision: decision.precision, ranks: job.communicator.size) }
    return verdict.passed ? .done : .checkFailed
  }

  /// The step in plain f64 loops.
  private func computed(_ precision: Precision) throws -> ReferenceStep {
    let pictures = try loadSources(data.choice(seed: seedOrUsual).request)
    var shape = network.configuration()
    shape.fit(pictures)
    let start =
      try weights.weights.map { try NetworkWeights(contentsOf: $0, choice: weights.choice.which) }
      ?? NetworkWeights(initialised: shape, seed: seedOrUsual)
    try start.check(separates: pictures)
    Output.note("reference: computed here in f64 for \(batch) pairs, data: \(pictures.origin)")
    return ReferenceStep(
      of: start, pairs: batch,
      generator: MixingGenerator(
        sources: pictures, stream: .training, seed: seedOrUsual, imageSize: start.configuration.imageSize),
      precision: precision)
  }

  private func report(_ verdict: StepVerdict, precision: Precision, ranks: Int) {
    for failure in verdict.failures { Output.note("\(failure.name): \(failure.problem)") }
    if output.json {
      Output.json(Report(verdict: verdict, precision: precision, ranks: ranks))
    } else {
      let worst = verdict.worst.relativeError.map { "\($0)" } ?? "not measured"
      Output.line(
        "\(verdict.passed ? "passed" : "FAILED"): \(verdict.tensors) tensors in \(precision.rawValue) on \(ranks) "
          + (ranks == 1 ? "rank" : "ranks") + ", worst \(verdict.worst.name), relative error \(worst)")
    }
  }

  /// The verdict and what it was on.
  private struct Report: Encodable {
    let verdict: StepVerdict
    let precision: Precision
    let ranks: Int

    enum CodingKeys: CodingKey { case precision, ranks }

    func encode(to encoder: any Encoder) throws {
      try verdict.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(precision, forKey: .precision)
      try container.encode(ranks, forKey: .ranks)
    }
  }
}
