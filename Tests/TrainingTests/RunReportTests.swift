import Foundation
import Model
import TestSupport
import Testing

@testable import Training

/// What a report gathers from a run folder, and the page made of it.
struct RunReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func start(
    step: Int = 0, data: String = "pictures", ranks: Int = 2, heads: [String] = ["mnist", "fashion"]
  ) -> RunEvent {
    .start(
      StartRecord(
        time: 1.7e9, step: step, epoch: 0, epochs: 3, stepsPerEpoch: 100, validationSteps: 10, globalBatch: 32,
        parameters: 3_033_346, heads: heads, data: data, precision: "f32", recipe: "notebook",
        hosts: Array(repeating: "node1", count: ranks), threads: 1))
  }

  private func steps(_ step: Int, rate: Double = 200, ranks: Int = 2, loss: Double? = nil) -> RunEvent {
    let loss = loss ?? 1 / Double(step)
    return .steps(
      StepsRecord(
        time: 1.7e9 + Double(step), step: step, epoch: (step - 1) / 100 + 1, stepInEpoch: (step - 1) % 100 + 1,
        count: 50, losses: .init(first: loss, second: loss / 2), learningRate: 1e-3, gradientNorm: 1,
        imagesPerSecond: rate, seconds: Double(step) / 10,
        ranks: (0..<ranks).map {
          .init(pairs: 32 / ranks, data: 0.01, compute: 0.07 + Double($0) / 100, communication: 0.02 - Double($0) / 100)
        }))
  }

  private func epoch(_ epoch: Int, loss: Double, isBest: Bool, next: Float = 1e-3) -> RunEvent {
    .epoch(
      EpochRecord(
        epoch: epoch, step: 100 * epoch, learningRate: 1e-3, losses: .init(first: loss, second: loss),
        validation: .init(first: loss / 2, second: loss / 2), imagesPerSecond: 200, seconds: 10 * Double(epoch),
        time: 0,
        isBest: isBest, nextLearningRate: next))
  }

  private func evaluation(_ error: Double = 0.001, data: String = "pictures") -> RunEvent {
    .evaluation(
      EvaluationRecord(
        time: 0, step: 200,
        result: EvaluationResult(
          mseMean: error, mseStd: 1e-5, rounds: [error, error], mseBySource: ["mnist": error, "fashion": error],
          psnrDb: 30, standardError: nil, projected: .init(mseMean: 0.0009, mseStd: 0), pairs: 500, seed: 1,
          split: "test", precision: "f32", data: data)))
  }

  private var complete: [RunEvent] {
    [
      start(), steps(50), steps(100), epoch(1, loss: 0.01, isBest: true), steps(150, rate: 100), steps(200),
      epoch(2, loss: 0.02, isBest: false, next: 3e-4), evaluation(),
      .end(EndRecord(time: 0, step: 200, reason: .early, seconds: 25)),
    ]
  }

  private func report(_ events: [RunEvent], folder: String = "runs/a") throws -> RunReport {
    try #require(RunReport(folder: folder, events: events))
  }

  private func html(_ runs: RunReport...) throws -> String {
    let page = try ReportPage(runs).html()
    #expect(!page.contains("<script") && !page.contains("NaN") && !page.contains("nan<") && !page.contains("infinity"))
    for address in ["http:", "https:", "//cdn"] {
      let others = page.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
      #expect(!others.contains(address))
    }
    return page
  }

  @Test
  func aCompleteRunIsOnThePage() throws {
    let page = try html(report(complete))
    for text in [
      "stopped early by its recipe", "2 of 3 epochs", "3,033,346 parameters", "0.001000", "0.0009000",
      "times the published",
      "micheledinelli", "best, epoch 1: 0.01000", "rate 0.0003", "prefers-color-scheme:dark", "rank 1",
    ] { #expect(page.contains(text), "\(text)") }
    #expect(page.components(separatedBy: "<svg xmlns").count == 1 + 2 * 3)
    #expect(!page.contains("Synthetic"))
  }

  @Test
  func rankTimesAndThroughputAreMeansOverTheSteps() throws {
    let run = try report(complete)
    // 150 steps at 200 images/s and 50 at 100 take as long as 250 at 200.
    #expect(abs(try #require(run.imagesPerSecond) - 160) < 1e-9)
    #expect(run.rankTimes.count == 2 && abs(run.rankTimes[1].communication - 0.01) < 1e-12)
    #expect(run.best?.epoch == 1 && run.stepCount == 200 && run.seconds == 25)
    #expect(run.learningRateChanges.map(\.epoch) == [2])
  }

  @Test
  func aResumeOnOtherRanksCountsThoseAlone() throws {
    let run = try report([
      start(), steps(50), .end(EndRecord(time: 0, step: 50, reason: .asked, seconds: 5)),
      start(step: 50, ranks: 3), steps(100, rate: 300, ranks: 3),
    ])
    #expect(run.end == nil && run.ranks == 3 && run.rankTimes.count == 3 && run.imagesPerSecond == 300)
    #expect(try html(run).contains("under way"))
  }

  @Test
  func whatIsNotThereIsLeftOut() throws {
    let begun = try html(report([start()]))
    #expect(!begun.contains("<svg") && !begun.contains("Result") && !begun.contains("Throughput"))
    let oneEpoch = try html(report([start(), steps(50), epoch(1, loss: 0.01, isBest: true)]))
    #expect(oneEpoch.contains("evaluation on test pairs is not there") && oneEpoch.contains("best, epoch 1"))
    #expect(!oneEpoch.contains("micheledinelli"))
    let wild = try html(
      report([start(), steps(50, rate: .nan, loss: .nan), steps(100, rate: .infinity, loss: .infinity)]))
    #expect(!wild.contains("Throughput"))
  }

  @Test
  func syntheticDataIsSaidAndNotCompared() throws {
    let page = try html(report([start(data: "synthetic"), evaluation(data: "synthetic")]))
    #expect(
      page.contains("Synthetic data.") && !page.contains("micheledinelli") && !page.contains("times the published"))
    #expect(page.contains("--data synthetic"))
  }

  @Test
  func hostileNamesStayText() throws {
    let hostile = "<script>alert('x')</script>\"&"
    var run = try report(
      [start(data: hostile, heads: [hostile, "b"]), steps(50), evaluation()], folder: "runs/\(hostile)")
    run.options = [.init(name: hostile, value: hostile)]
    #expect(try html(run).contains("&lt;script&gt;"))
    #expect(try html(run, run).contains("&lt;script&gt;"))
  }

  @Test
  func theVerdictComparesWithTheNotebook() {
    #expect(ReportPage.verdict(on: 0.000776243) == "2.00 times the published notebook's 0.0003881.")
    #expect(ReportPage.verdict(on: 0.000291091) == "25.0 % below the published notebook's 0.0003881.")
    #expect(ReportPage.verdict(on: 0.000388121648599426) == "As the published notebook's 0.0003881.")
    #expect(ReportPage.verdict(on: .nan).isEmpty)
    #expect(PublishedResult.all.map(\.meanSquaredError) == PublishedResult.all.map(\.meanSquaredError).sorted())
  }

  @Test
  func aRateThatFallsStepByStepIsTold() throws {
    let rates: [Float] = [0.008, 0.008, 0.004, 0]
    let events = rates.enumerated().map { index, rate in
      RunEvent.epoch(
        EpochRecord(
          epoch: index + 1, step: 100 * (index + 1), learningRate: rate, losses: .init(first: 0.1, second: 0.1),
          validation: .init(first: 0.1, second: 0.1), imagesPerSecond: 200, seconds: 1, time: 0, isBest: index == 0,
          nextLearningRate: rate, epochs: 4))
    }
    let run = try report([start()] + events)
    #expect(run.plannedEpochs == 4)
    let page = try html(run)
    #expect(page.contains("Learning rate 0.008, lower from epoch 3 on; 0.0 in the last step of epoch 4."))
    #expect(try html(report([start()] + events.prefix(2))).contains("Learning rate 0.008 throughout."))
    // A start after them knows better.
    #expect(try report([start()] + events + [start(step: 400)]).plannedEpochs == 3)
  }

  @Test
  func theCommandDoesTheSameAgain() throws {
    var configuration = RunConfiguration()
    (configuration.epochs, configuration.output, configuration.data) = (3, "runs/x", "my data")
    var run = try report([start(ranks: 4)])
    run.options = configuration.options.compactMap { name, value in
      value?.scalar.map { .init(name: name, value: $0.string) }
    }
    #expect(
      run.command
        == "mpirun -n 4 launcher train --precision f32 --recipe notebook --epochs 3 --threads 1 --data 'my data'",
      "\(run.command)")
  }

  @Test
  func severalRunsStandSideBySide() throws {
    var runs = [
      try report(complete), try report([start(ranks: 4), steps(100, rate: 390, ranks: 4)], folder: "other/a"),
    ]
    runs[0].options = [.init(name: "epochs", value: "3"), .init(name: "seed", value: "1")]
    runs[1].options = [.init(name: "epochs", value: "5"), .init(name: "seed", value: "1")]
    let page = try ReportPage(runs).html()
    for text in ["2 runs", "runs/a", "other/a", "Options that differ", "in proportion to the ranks", "Each run"] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(page.contains("<td>epochs</td>") && !page.contains("<td>seed</td>"))
    #expect(page.components(separatedBy: "<details").count == 3)
  }

  /// What a damaged metrics.jsonl may hold.
  @Test(arguments: [Double.nan, 1e300, -1e300, 6e16])
  func aTimeThatCannotBeIsNoReasonToFail(time: Double) throws {
    var run = try report(complete)
    run.starts[0].time = time
    #expect(try html(run).contains("<html lang"))
  }

  @Test
  func aFolderIsReadBack() throws {
    let path = folder.path
    let log = try EventLog("\(path)/metrics.jsonl", step: 0, epoch: 0)
    for event in complete { try log.record(event) }
    try FileSystem.writeAtomically(
      "epochs: 3\nsources: \"a=b\"\ndecided:\n  hosts: [x, y]\n  ranks: 2\n", to: "\(path)/config.yaml")
    try FileSystem.writeAtomically(SampleSetTests.set.file.serialized(), to: "\(path)/samples.safetensors")
    let run = try RunReport(contentsOf: path + "/")
    #expect(run.options == [.init(name: "epochs", value: "3"), .init(name: "sources", value: "a=b")])
    #expect(run.decided == [.init(name: "hosts", value: "x, y"), .init(name: "ranks", value: "2")])
    #expect(run.samples == SampleSetTests.set && run.end?.reason == .early && !run.isComparable)
    #expect(try html(run).components(separatedBy: "data:image/png;base64,").count == 1 + 3 * 7)
  }

  @Test
  func foldersThatAreNoRunsAreNamed() throws {
    #expect(throws: ReportError.missingFolder(path: "/no/such")) { try RunReport(contentsOf: "/no/such/") }
    let path = folder.path
    #expect(throws: ReportError.noRun(path: path)) { try RunReport(contentsOf: path) }
    try FileSystem.writeAtomically("{\"event\":\n", to: "\(path)/metrics.jsonl")
    #expect(throws: ReportError.noRun(path: path)) { try RunReport(contentsOf: path) }
    let log = try EventLog("\(path)/metrics.jsonl", step: 0, epoch: 0)
    try log.record(start())
    try FileSystem.writeAtomically("- 1\n", to: "\(path)/config.yaml")
    #expect(throws: ReportError.damaged(path: "\(path)/config.yaml", problem: "no NAME: VALUE")) {
      try RunReport(contentsOf: path)
    }
  }
}
