import ArgumentParser
import Model
import Training

/// Where the pictures come from; the same for every command.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder with mnist/ and fashion-mnist/ (IDX files, gzip or plain), or \"synthetic\".",
      discussion: "Default: UNMIX_DATA, ./data, /usr/share/datasets; synthetic pictures where nothing is found.",
      valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("Two other sources: NAME=FOLDER,NAME=FOLDER.", valueName: "sources"))
  var sources: String?
}

/// The arithmetic, as asked for.
enum PrecisionRequest: String, ExpressibleByArgument, Codable, CaseIterable {
  case auto, f32, bf16
}

/// How this machine computes; the same for every command.
struct ComputeOptions: ParsableArguments {
  @Option(help: "Arithmetic: auto, f32 or bf16; auto is bf16 where the processor has it.")
  var precision = PrecisionRequest.auto

  @Option(help: "Threads of each rank. Default: the cores this rank may use.")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads: \(threads) is less than 1") }
  }
}

/// How results are printed; the same for every command.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object to standard output.")
  var json = false
}

/// The shape of the network.
struct NetworkOptions: ParsableArguments {
  @Option(help: "Channels of the first stage; the published network has 64.")
  var baseChannels = 64

  @Option(help: "Stages of the encoder.")
  var blocks = 3

  @Option(help: "3x3 convolutions in each stage.")
  var convolutionsPerBlock = 3

  func configuration(heads: [String]) -> UNetConfiguration {
    UNetConfiguration(
      baseChannels: baseChannels, blocks: blocks, convolutionsPerBlock: convolutionsPerBlock, heads: heads)
  }
}

/// The seed of everything random.
struct SeedOption: ParsableArguments {
  @Option(help: "Seed of weights, splits and pairs.")
  var seed: UInt64 = RunConfiguration().seed
}
