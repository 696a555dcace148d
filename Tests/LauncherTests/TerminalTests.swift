import Foundation
import TestSupport
import Testing

/// What a run looks like on a terminal, which script(1) makes, and elsewhere.
struct TerminalTests {
  /// All that a small run writes to a terminal of 60 columns.
  private func show(environment: [String: String]) throws -> String {
    let scratch = try TemporaryFolder()
    let training =
      (TinyRun.network + [
        "--data", "synthetic", "--epochs", "2", "--steps-per-epoch", "150", "--validation-steps", "2", "--rounds", "0",
        "--threads", "1",
        "--output", scratch("run"),
      ]).joined(separator: " ")
    let command = "stty cols 60 rows 24; \(MPIRun.builtProducts)/launcher \(training)"
    let outcome = try MPIRun(
      "/usr/bin/script", ["-qec", command, "/dev/null"], ranks: nil, environment: environment
    ).run()
    #expect(outcome.succeeded, "\(outcome)")
    return outcome.standardOutput
  }

  /// Without sequences that move the cursor or colour.
  private func visible(_ text: String) throws -> String {
    text.replacing(try Regex("\u{1B}\\[[0-9;]*[A-Za-z]"), with: "")
  }

  @Test
  func aTerminalShowsALiveBlock() throws {
    let text = try show(environment: ["TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": ""])
    #expect(text.contains("\u{1B}[J") && text.contains("\u{1B}[36m") && text.contains("\u{2500}"), "\(text)")
    #expect(text.contains("step       ") && text.contains("images/s"), "\(text)")
    // The block is gone at the end, and every line of the log stands above it.
    let lines = try visible(text).split(whereSeparator: \.isNewline)
    #expect(lines.filter { $0.contains("epoch 2/2  step 300  loss") }.count == 1, "\(text)")
    #expect(lines.last?.hasPrefix("best validation loss") == true, "\(text)")
    for line in lines where line.hasPrefix("step  ") || line.hasPrefix("loss ") { #expect(line.count <= 59, "\(line)") }
  }

  @Test
  func coloursAndMovesCanBeDeclined() throws {
    let grey = try show(environment: ["TERM": "xterm", "LC_ALL": "C", "NO_COLOR": "1"])
    #expect(
      grey.contains("\u{1B}[J") && !grey.contains("\u{1B}[36m") && grey.contains("....") && !grey.contains("\u{2500}"))
    let dumb = try show(environment: ["TERM": "dumb", "LC_ALL": "C.UTF-8"])
    #expect(!dumb.contains("\u{1B}") && dumb.contains("epoch 2/2  step 300  loss"), "\(dumb)")
  }
}
