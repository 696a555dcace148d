import ArgumentParser
import Model
import Training

// Options that several commands share: one name, one meaning.

/// `--data`, `--sources`.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The pictures: a folder with mnist/ and fashion-mnist/, or \"synthetic\" for ones drawn from the seed. Default: UNMIX_DATA, else ./data, else /usr/share/datasets; where both sources are in none of them, synthetic.",
      valueName: "dir|synthetic"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Any two sources in place of mnist and fashion: folders of IDX files, or with train and test folders of PNGs; sides up to 128. Heads and files are named after them.",
      valueName: "name=path,name=path"))
  var sources: String?

  /// What is meant, with rank 0's environment.
  func choice(seed: UInt64) -> DataChoice {
    DataChoice(data: data, sources: sources, environment: environmentVariable("UNMIX_DATA"), seed: seed)
  }
}

/// `--precision`, `--threads`.
struct ComputeOptions: ParsableArguments {
  /// A precision, or the fast one.
  enum PrecisionChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, f32, bf16

    /// The precision, never "auto".
    func precision(_ automatic: Job.Automatic) -> Precision { Precision(rawValue: rawValue) ?? automatic.precision }
  }

  @Option(help: "Arithmetic: auto, f32 or bf16. auto is bf16 where every rank's machine multiplies it in hardware.")
  var precision = PrecisionChoice.auto

  @Option(
    parsing: .unconditional,
    help: "Threads of each rank. Default: its own cores, or its share of the node's; 1 with --slices.")
  var threads: Int?

  /// The precision, never "auto".
  func precision(_ automatic: Job.Automatic) -> Precision { precision.precision(automatic) }

  /// The threads of each rank; 1 where none are asked for and `slices` are fixed, because the sums of oneDNN's weight gradients
  /// depend on the number of threads, and the ranks' share of the cores on the number of ranks.
  func threads(_ automatic: Job.Automatic, slices: Int? = nil) -> Int {
    threads ?? (slices == nil ? automatic.threads : 1)
  }

  func validate() throws {
    if let threads { try check(threads, in: 1...4096, "--threads") }
  }
}

/// `--bucket-bytes`.
struct BucketOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Size of a gradient message, as f32. A run that goes on keeps its own.", valueName: "bytes"))
  var bucketBytes = RunConfiguration().bucketBytes

  func validate() throws {
    var run = RunConfiguration()
    run.bucketBytes = bucketBytes
    try check(run)
  }
}

/// `--bucket-bytes`, `--wire`.
struct WireOptions: ParsableArguments {
  @OptionGroup var bucket: BucketOption

  @Option(help: "How gradients travel between hosts: f32, or bf16 for half the bytes, with 8 significant bits.")
  var wire = RunConfiguration().wire

  func apply(to run: inout RunConfiguration) { (run.bucketBytes, run.wire) = (bucket.bucketBytes, wire) }
}

extension GradientWire: ExpressibleByArgument {}

/// `--slices`.
struct SlicesOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Cut the global batch into this many slices, whatever the number of ranks: 1, 2, 4, ... ranks up to it, with the "
        + "same --threads, then train the same weights to the last bit. Default: one slice on each rank, the fastest.",
      valueName: "1|2|4|..."))
  var slices: Int?

  func apply(to run: inout RunConfiguration) { run.slices = slices }
}

extension BatchBalance: ExpressibleByArgument {}

/// `--balance`.
struct BalanceOption: ParsableArguments {
  @Option(
    help:
      "Pairs of the global batch for each rank: even, or by speed, measured at the start, where some nodes are slower. The step is the same."
  )
  var balance = RunConfiguration().balance

  func apply(to run: inout RunConfiguration) { run.balance = balance }
}

/// `--seed`.
struct SeedOption: ParsableArguments {
  @Option(parsing: .unconditional, help: "Seed of weights, pairs and synthetic pictures, 0 or more.")
  var seed = RunConfiguration().seed
}

/// `--json`.
struct JSONFlag: ParsableArguments {
  @Flag(help: "Print one JSON object instead of text.")
  var json = false
}

/// `--base-channels`, `--blocks`, `--convolutions-per-block`.
struct NetworkOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help:
      "Channels of the first stage; each further stage has twice as many. Default: \(UNetConfiguration().baseChannels)."
  )
  var baseChannels: Int?

  @Option(
    parsing: .unconditional,
    help: "Stages of the encoder, 1 to 6; the decoder has one less. Default: \(UNetConfiguration().blocks).")
  var blocks: Int?

  @Option(
    parsing: .unconditional,
    help: "3x3 convolutions in each stage. Default: \(UNetConfiguration().convolutionsPerBlock).")
  var convolutionsPerBlock: Int?

  /// The network for the published pictures; what no option says is `other`'s.
  func configuration(orElse other: UNetConfiguration = UNetConfiguration()) -> UNetConfiguration {
    UNetConfiguration(
      baseChannels: baseChannels ?? other.baseChannels, blocks: blocks ?? other.blocks,
      convolutionsPerBlock: convolutionsPerBlock ?? other.convolutionsPerBlock)
  }

  func validate() throws {
    var run = RunConfiguration()
    run.network = configuration()
    try check(run)
  }
}

/// `--which`.
struct ChoiceOption: ParsableArguments {
  @Option(help: "Which weights of a checkpoint: best or current. Default: best.")
  var which: NetworkWeights.Choice?
}

extension NetworkWeights.Choice: ExpressibleByArgument {}

/// Throws a usage error that names `option` unless `value` is in `range`.
func check(_ value: Int, in range: ClosedRange<Int>, _ option: String) throws {
  guard range.contains(value) else {
    let bounds = range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
    throw ValidationError("\(option): \(value) is not \(bounds)")
  }
}

/// Throws a usage error that names `option` where `path` is empty.
func check(path: String?, _ option: String) throws {
  if path?.isEmpty == true { throw ValidationError("\(option): empty; the path of a file or folder") }
}

/// Throws what a run says against `configuration` as a usage error.
func check(_ configuration: RunConfiguration) throws {
  do {
    try configuration.check()
  } catch {
    throw ValidationError("\(error)")
  }
}
