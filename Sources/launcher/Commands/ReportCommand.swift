import ArgumentParser
import Training

/// `launcher report`. Knows no MPI.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Make report.html of a run, or of several side by side.",
    discussion: """
      One file without scripts that needs no network: results, loss curves, separated pictures, throughput, configuration and \
      the command to reproduce. A run writes its own when it ends; this command makes it anew, also of a run that is going on.
      """)

  @Argument(help: ArgumentHelp("Run folders.", valueName: "run"))
  var runs: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write. Default: report.html in the run folder, of several runs here.", valueName: "file"))
  var output: String?

  @OptionGroup var format: JSONFlag

  func validate() throws { try check(path: output, "--output") }

  func run() throws {
    let reports = try runs.map { try RunReport(contentsOf: $0) }
    let path = output ?? (runs.count == 1 ? RunFolder(existing: runs[0]).report : "report.html")
    // Every rank of a job that was started by mistake would write it.
    guard LaunchedRank.isRoot else { return }
    try FileSystem.writeAtomically(ReportPage(reports).html(), to: path)
    if format.json { Output.json(Result(file: path, runs: reports.count)) } else { Output.line(path) }
  }

  private struct Result: Encodable {
    var file: String
    var runs: Int
  }
}
