import ArgumentParser
import Dataset
import Training

/// `launcher data`.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Find, check or download MNIST and Fashion-MNIST.",
    subcommands: [DataCheck.self, DataFetch.self], defaultSubcommand: DataCheck.self)
}

/// `--data` of these commands: a folder alone.
struct FolderOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder with mnist/ and fashion-mnist/. Default: UNMIX_DATA, else ./data; check looks in /usr/share/datasets too.",
      valueName: "dir"))
  var data: String?

  var choice: DataChoice {
    DataChoice(
      data: data, sources: nil, environment: environmentVariable("UNMIX_DATA"), seed: RunConfiguration().seed)
  }
}

/// `launcher data [check]`.
struct DataCheck: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say where the files are and compare them with their SHA-256.",
    discussion:
      "Exit code 66 when pictures are missing, 65 when a file is not the published one. Labels may be missing.")

  @OptionGroup var folder: FolderOption
  @OptionGroup var output: JSONFlag

  func run(_ job: Job) throws -> ExitStatus {
    let status = try job.decide {
      let places = try PicturePlaces(folder.choice)
      places.report(json: output.json)
      return places.status
    }
    return status
  }
}

/// `launcher data fetch`.
struct DataFetch: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download what is missing from the public mirrors, checked by SHA-256; a broken download is resumed.")

  @OptionGroup var folder: FolderOption

  @Option(parsing: .unconditional, help: "Seconds that connecting to a mirror may take.")
  var connectTimeout = 10

  @OptionGroup var output: JSONFlag

  func validate() throws { try check(connectTimeout, in: 1...3600, "--connect-timeout") }

  func run(_ job: Job) throws -> ExitStatus {
    try job.decide {
      let target = try Catalogue(folder.choice.request).fetchFolder()
      let progress = FetchProgress()
      _ = try DatasetFetcher(folder: target, connectTimeout: connectTimeout).fetch(report: progress.show)
      let places = try PicturePlaces(
        DataChoice(data: target, sources: nil, environment: nil, seed: RunConfiguration().seed))
      places.report(json: output.json)
      return places.status
    }
  }
}

/// Lines about a download; on a terminal the bytes in place.
private struct FetchProgress {
  private let isTerminal = Terminal.isStandardError

  func show(_ event: DatasetFetcher.Event) {
    switch event {
    case .alreadyThere(let path): Output.note("\(path): already there")
    case .waiting(let path): Output.note("\(path): another process downloads it; waiting")
    case .started(let url, let resumed):
      Output.note(url + (resumed > 0 ? ": resumed after \(resumed) bytes" : ""))
    case .progress(_, let received, let total):
      guard isTerminal else { return }
      let part = total.map { " of \($0 >> 10)" } ?? ""
      Terminal.rewriteLine("\(received >> 10)\(part) KiB")
    case .mirrorFailed(let url, let reason):
      if isTerminal { Terminal.rewriteLine("") }
      Output.note("\(url): \(reason)")
    case .finished(let path):
      if isTerminal { Terminal.rewriteLine("") }
      Output.note("\(path): complete")
    }
  }
}
