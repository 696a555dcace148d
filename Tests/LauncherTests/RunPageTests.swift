import Foundation
import Model
import TestSupport
import Testing
import Training

/// `launcher report`, and the report that a run leaves.
struct RunPageTests {
  @Test
  func aRunLeavesItsReportAndPictures() throws {
    let run = try TinyRun.done()
    let page = try String(contentsOfFile: run.folder + "/report.html", encoding: .utf8)
    for text in [
      "Synthetic data.", "Result", "Separated test pairs", "The worst of the first round", "Throughput",
      "--data synthetic",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    let samples = try SampleSet(SafeTensorsFile(contentsOf: run.folder + "/samples.safetensors"))
    #expect(samples.first.map(\.number) == Array(0..<8) && samples.step == 6 && samples.data == "synthetic")
    #expect(samples.worst.count == 4 && samples.best.count == 4)
    let (worst, best) = (samples.worst.map(\.meanError), samples.best.map(\.meanError))
    #expect(worst == worst.sorted(by: >) && best == best.sorted())
    #expect(samples.first.allSatisfy { best[0] <= $0.meanError && $0.meanError <= worst[0] })
  }

  @Test
  func theCommandMakesTheSamePageAgain() throws {
    let run = try TinyRun.done()
    let scratch = try TemporaryFolder()
    let outcome = try launch(["report", run.folder, "-o", scratch("page.html")])
    #expect(outcome.succeeded && outcome.standardOutput == scratch("page.html") + "\n", "\(outcome)")
    #expect(
      try Data(contentsOf: URL(filePath: scratch("page.html")))
        == Data(contentsOf: URL(filePath: run.folder + "/report.html")))
  }

  @Test
  func severalRunsBecomeOnePage() throws {
    let run = try TinyRun.done()
    let scratch = try TemporaryFolder()
    let outcome = try launch(["report", run.folder, run.folder, "--json"], folder: scratch.path)
    #expect(outcome.succeeded, "\(outcome)")
    let result = try outcome.json()
    #expect(result["file"] as? String == "report.html" && result["runs"] as? Int == 2)
    #expect(try String(contentsOfFile: scratch("report.html"), encoding: .utf8).contains("2 runs"))
  }

  @Test
  func aMissingFolderIsOneLine() throws {
    let missing = try launch(["report", "/no/such/run"])
    #expect(
      missing.exitCode == 66 && missing.standardError == "launcher: /no/such/run: no such run folder\n", "\(missing)")
    let scratch = try TemporaryFolder()
    let empty = try launch(["report", scratch.path])
    #expect(empty.exitCode == 66 && empty.standardError.split(separator: "\n").count == 1, "\(empty)")
    #expect(try launch(["report"]).exitCode == 64)
    let run = try TinyRun.done()
    let elsewhere = try launch(["report", run.folder, "-o", "/no/such/folder/x.html"])
    #expect(elsewhere.exitCode == 74, "\(elsewhere)")
  }
}
