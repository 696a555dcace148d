import ArgumentParser
import Dataset

/// `launcher data`: finds, checks and downloads the pictures.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Find, check and download MNIST and Fashion-MNIST.",
    subcommands: [DataCheck.self, DataFetch.self], defaultSubcommand: DataCheck.self)
}

/// `launcher data check`, the default: where every file is, and whether it is the published one.
struct DataCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Compare the files found with the published SHA-256. Exit code 1: one is missing or different.")

  @OptionGroup var dataOptions: DataOptions
  @OptionGroup var results: OutputOptions

  private struct Line: Encodable {
    let path: String?
    let sha256: String?
    let matches: Bool
    let problem: String?
  }

  func run() throws {
    let findings = try DatasetChecker(
      DataRequest(data: dataOptions.data, sources: nil, environment: environmentOfData(), seed: 0)
    ).check()
    if results.json {
      var report: [String: [String: Line]] = [:]
      for finding in findings {
        report[finding.file.source, default: [:]][finding.file.name] = Line(
          path: finding.path, sha256: finding.sha256, matches: finding.matches, problem: finding.problem)
      }
      Console.write(try json(report), to: .standardOutput)
    } else {
      for finding in findings {
        let state = finding.matches ? "ok" : finding.problem ?? "not found"
        Console.write(
          "\(finding.file.source)/\(finding.file.name): \(state)\(finding.path.map { "  \($0)" } ?? "")",
          to: .standardOutput)
      }
    }
    guard findings.allSatisfy({ $0.matches || (!$0.file.isRequired && $0.path == nil) }) else {
      throw ExitStatus.checkFailed
    }
  }
}

/// `launcher data fetch`.
struct DataFetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download the files from their public mirrors; goes on where an earlier download stopped.")

  @OptionGroup var dataOptions: DataOptions

  @Option(help: "Seconds to wait for a connection.")
  var connectTimeout = 10

  func validate() throws {
    if connectTimeout < 1 { throw ValidationError("--connect-timeout: \(connectTimeout) is less than 1") }
  }

  func run() throws {
    let request = DataRequest(data: dataOptions.data, sources: nil, environment: environmentOfData(), seed: 0)
    let folder = try Catalogue(request).fetchFolder()
    let paths = try DatasetFetcher(folder: folder, connectTimeout: connectTimeout).fetch { event in
      switch event {
      case .alreadyThere(let path): Console.write("\(path): already there", to: .standardError)
      case .started(let url, let resumed):
        Console.write(resumed > 0 ? "\(url): from byte \(resumed)" : url, to: .standardError)
      case .mirrorFailed(let url, let reason): Console.write("\(url): \(reason)", to: .standardError)
      case .finished(let path): Console.write("\(path): complete and checked", to: .standardError)
      case .progress: break
      }
    }
    for path in paths { Console.write(path, to: .standardOutput) }
  }
}
