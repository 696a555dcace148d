import ArgumentParser
import Distributed
import Model
import Training

/// `--resume` and what belongs to it.
struct ResumeProofOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Prove that a run which is killed and resumed equals one that never stopped, bit for bit.",
      discussion: """
        Two runs of a small network on drawn pictures, or of what the options say, in a temporary folder: one is left \
        alone, the other killed by SIGKILL at random steps and resumed. Start it alone; --launch says how it starts \
        ranks.
        """))
  var resume = false

  @Option(parsing: .unconditional, help: "With --resume: steps of each run, an even number. Default: 60.")
  var steps: Int?

  @Option(parsing: .unconditional, help: "With --resume: how often the run is killed. Default: 1.")
  var kills: Int?

  @Option(
    help: ArgumentHelp(
      "With --resume: the command that starts the ranks, split at blanks. Default: none, one process.",
      valueName: "\"mpirun -n 2\""))
  var launch: String?

  @Option(
    parsing: .unconditional,
    help: "With --resume: seed of the steps at which the run is killed. Default: another one each time.")
  var killSeed: UInt64?

  func validate() throws {
    let given: [(option: String, isGiven: Bool)] = [
      ("--steps", steps != nil), ("--kills", kills != nil), ("--launch", launch != nil),
      ("--kill-seed", killSeed != nil),
    ]
    if !resume, let option = given.first(where: \.isGiven)?.option {
      throw ValidationError("\(option) belongs to --resume")
    }
    try check(steps ?? 60, in: 12...100_000, "--steps")
    if (steps ?? 60) % 2 != 0 { throw ValidationError("--steps: \(steps ?? 60) is not even, for two epochs") }
    try check(kills ?? 1, in: 1...ResumeProof.possibleKills(steps: steps ?? 60).count, "--kills")
  }
}

extension Verify {
  /// The network of the proof where the options name none: its runs take seconds.
  static let smallNetwork = UNetConfiguration(baseChannels: 16, blocks: 2, convolutionsPerBlock: 1)

  /// Makes the proof in this process, which is no rank, and ends it.
  func proveResume() throws -> Never {
    // A rank's environment makes a second mpirun end at once.
    guard !LaunchEnvironment.current.hasLauncher else {
      throw ValidationError("--resume starts ranks itself: start it alone and say how by --launch")
    }
    // What ends this process must not leave a run and its files behind.
    StopRequest.listen()
    Output.outliveReaders()
    let proof = resumeProof
    let folder = try ScratchFolder()
    let status: ExitStatus
    do {
      Output.note("seed of the kills: \(proof.seed)")
      let result = try proof.run(in: folder.path, report: Output.note)
      report(proof, result.comparison, result.kills)
      status = result.comparison.isEqual ? .done : .checkFailed
    } catch {
      if !StopRequest.hasCome { Output.note("launcher: " + oneLine("\(error)")) }
      status = ExitStatus(error)
    }
    folder.remove()
    StopRequest.obey()
    status.exit()
  }

  private var resumeProof: ResumeProof {
    let shape = network.configuration(orElse: Self.smallNetwork)
    var options = [
      "--seed", "\(seedOrUsual)", "--global-batch", "\(batch)", "--precision", compute.precision.rawValue,
      "--base-channels", "\(shape.baseChannels)", "--blocks", "\(shape.blocks)",
      "--convolutions-per-block", "\(shape.convolutionsPerBlock)",
    ]
    if let threads = compute.threads { options += ["--threads", "\(threads)"] }
    if let slices = slices.slices { options += ["--slices", "\(slices)"] }
    if let sources = data.sources {
      options += ["--sources", sources]
    } else {
      options += ["--data", data.data ?? "synthetic"]
    }
    return ResumeProof(
      options: options, launch: proof.launch?.split(separator: " ").map(String.init) ?? [], steps: proof.steps ?? 60,
      kills: proof.kills ?? 1, seed: proof.killSeed ?? UInt64.random(in: 0...UInt64(UInt32.max)))
  }

  private func report(_ proof: ResumeProof, _ comparison: CheckpointComparison, _ kills: [ResumeProof.Kill]) {
    if output.json {
      Output.json(
        ResumeReport(
          passed: comparison.isEqual, uninterrupted: comparison.first, resumed: comparison.second,
          differing: comparison.differing, steps: proof.steps, kills: kills, killSeed: proof.seed))
      return
    }
    for name in comparison.differing { Output.note("\(name): differs") }
    Output.line(
      table([("uninterrupted", "sha256 \(comparison.first)"), ("resumed", "sha256 \(comparison.second)")]))
    let places = kills.map { "\($0.atStep)" }.joined(separator: ", ")
    Output.line(
      "\(comparison.isEqual ? "passed" : "FAILED"): \(proof.steps) steps, killed at about step \(places) and resumed, "
        + (comparison.isEqual ? "give the same weights and moments" : "give other numbers"))
  }

  /// What `--json` prints.
  private struct ResumeReport: Encodable {
    let passed: Bool
    /// SHA-256 of the last checkpoint's tensors.
    let uninterrupted: String
    let resumed: String
    /// Names of tensors.
    let differing: [String]
    let steps: Int
    let kills: [ResumeProof.Kill]
    let killSeed: UInt64

    enum CodingKeys: String, CodingKey {
      case passed, differing, steps, kills
      case uninterrupted = "sha256_uninterrupted"
      case resumed = "sha256_resumed"
      case killSeed = "kill_seed"
    }
  }
}
