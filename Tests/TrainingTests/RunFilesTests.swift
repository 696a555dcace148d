import Dataset
import Foundation
import Model
import TestSupport
import Testing
import Yams

@testable import Training

struct RunFilesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func row(_ epoch: Int) -> RunEvent {
    .epoch(
      .init(
        epoch: epoch, step: epoch * 10, learningRate: 3e-4, losses: .init(first: 0.1, second: 0.2),
        validation: .init(first: 0.3, second: 1 / 3), imagesPerSecond: 123.456, seconds: 7.5, time: 1e9 + 0.1,
        isBest: true, nextLearningRate: 1e-4))
  }

  private func steps(_ step: Int) -> RunEvent {
    .steps(
      .init(
        time: 1e9, step: step, epoch: 1, stepInEpoch: step, count: 5, losses: .init(first: 0.1, second: 1 / 3),
        learningRate: 1e-3, gradientNorm: .infinity, imagesPerSecond: 100, seconds: 3,
        ranks: [.init(pairs: 16, data: 0.01, compute: 0.2, communication: 0.03)]))
  }

  private func open(epochs: Int) throws -> MetricsFile {
    try MetricsFile(folder("metrics.csv"), epochs: epochs, heads: ["mnist", "fashion"], isSynthetic: true)
  }

  private func lines() throws -> [String] {
    String(decoding: try folder.bytes("metrics.csv"), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test
  func metricsHaveOneLineForEachEpoch() throws {
    let file = try open(epochs: 0)
    try file.record(row(1))
    let lines = try lines()
    #expect(
      lines[0] == "epoch,step,learning_rate,loss,loss_mnist,loss_fashion,val_loss,val_loss_mnist,val_loss_fashion,"
        + "images_per_s,seconds,data")
    let fields = lines[1].split(separator: ",").map(String.init)
    #expect(fields[0...2] == ["1", "10", "0.0003"])
    #expect(Double(fields[8]) == 1.0 / 3)
    #expect(fields[9...] == ["123.5", "7.50", "synthetic"])
  }

  @Test
  func metricsAreCutBackToTheCheckpoint() throws {
    let file = try open(epochs: 0)
    for epoch in 1...4 { try file.record(row(epoch)) }
    // What a killed run leaves of its last line.
    let part = try folder.bytes("metrics.csv") + Array("5,5".utf8)
    try folder.write(part, to: "metrics.csv")
    let again = try open(epochs: 2)
    try again.record(row(3))
    #expect(try lines().dropFirst().map { $0.prefix(4) } == ["1,10", "2,20", "3,30"])
  }

  /// A spreadsheet may have saved the file.
  @Test
  func linesThatEndInCRLFAreKept() throws {
    do {
      let file = try open(epochs: 0)
      for epoch in 1...3 { try file.record(row(epoch)) }
      let log = try EventLog(folder("metrics.jsonl"), step: 0, epoch: 0)
      for step in 1...3 { try log.record(steps(step)) }
    }
    for name in ["metrics.csv", "metrics.jsonl"] {
      try folder.write(try folder.bytes(name).flatMap { $0 == 0x0A ? [0x0D, $0] : [$0] }, to: name)
    }
    _ = try open(epochs: 2)
    #expect(try lines().dropFirst().map { $0.prefix(4) } == ["1,10", "2,20"])
    #expect(try EventLog.events(in: folder("metrics.jsonl")).map(\.step) == [1, 2, 3])
  }

  @Test
  func eventsReadBackFromTheirLog() throws {
    let log = try EventLog(folder("metrics.jsonl"), step: 0, epoch: 0)
    let end = RunEvent.end(.init(time: 2e9, step: 10, reason: .asked, seconds: 7))
    let events = [steps(5), steps(10), row(1), end]
    for event in events { try log.record(event) }
    #expect(try EventLog.events(in: folder("metrics.jsonl")) == events)
    let first = String(decoding: try folder.bytes("metrics.jsonl").prefix { $0 != 10 }, as: UTF8.self)
    #expect(first.contains("\"event\":\"steps\"") && first.contains("\"gradientNorm\":\"infinity\""))
  }

  /// A run that was killed in step 12 resumes from step 10's checkpoint; the end that a stopped run wrote is no end any more.
  @Test
  func theLogIsCutBackToTheCheckpoint() throws {
    let log = try EventLog(folder("metrics.jsonl"), step: 0, epoch: 0)
    for event in [steps(5), steps(10), row(1)] { try log.record(event) }
    try log.record(.end(.init(time: 2e9, step: 10, reason: .asked, seconds: 7)))
    try log.record(steps(12))
    try folder.write(try folder.bytes("metrics.jsonl") + Array("{\"event\":\"st".utf8), to: "metrics.jsonl")
    let again = try EventLog(folder("metrics.jsonl"), step: 10, epoch: 1)
    try again.record(steps(15))
    #expect(try EventLog.events(in: folder("metrics.jsonl")) == [steps(5), steps(10), row(1), steps(15)])
    // A checkpoint of step 10 that was made before the epoch's validation: the epoch will be recorded again.
    _ = try EventLog(folder("metrics.jsonl"), step: 10, epoch: 0)
    #expect(try EventLog.events(in: folder("metrics.jsonl")) == [steps(5), steps(10)])
  }

  @Test
  func configurationReadsBackFromYAML() throws {
    var run = SmallRun()
    run.configuration.data = "1e5"
    run.configuration.output = "a folder: \"ä\""
    run.configuration.checkpointEvery = 25
    let text = try run.configuration.yaml(
      .init(
        plan: run.plan, hosts: ["a", "b"], dataName: "synthetic", dataFingerprint: "0123", resumePoint: "none"))
    let values = try #require(try Yams.load(yaml: text) as? [String: Any])
    #expect(values["data"] as? String == "1e5")
    #expect(values["output"] as? String == "a folder: \"ä\"")
    #expect(values["learning-rate"] as? Double == 1e-3)
    #expect(values["seed"] as? Int == 20_250_215)
    #expect(values["checkpoint-every"] as? Int == 25)
    #expect(values["sources"] == nil)
    let decided = try #require(values["decided"] as? [String: Any])
    #expect(decided["data"] as? String == "synthetic" && decided["data-sha256"] as? String == "0123")
    #expect(decided["ranks"] as? Int == 2 && decided["hosts"] as? [String] == ["a", "b"])
  }

  @Test
  func theLogHasWhatWasPrinted() throws {
    let reporter = ConsoleReporter(descriptor: -1)
    reporter.line("before the folder")
    try reporter.attach(runFolder: folder.path)
    reporter.line("data: synthetic")
    reporter.progress(RunProgress())
    let log = String(decoding: try folder.bytes("log.txt"), as: UTF8.self)
    #expect(log.hasSuffix(" data: synthetic\n") && log.split(separator: "\n").count == 1)
  }

  @Test
  func evaluationHasTheKeysOfTheContract() throws {
    let result = EvaluationResult(
      mseMean: 0.000388121648599426, mseStd: 7.954220393637751e-06, rounds: [0.1, 1 / 3],
      mseBySource: ["mnist": 1, "fashion": 2], psnrDb: 34.1, standardError: nil,
      projected: .init(mseMean: 1e-4, mseStd: 0), pairs: 5000, seed: 1, split: "test", precision: "f32",
      data: "synthetic")
    for isPretty in [false, true] {
      let text = result.json(isPretty: isPretty)
      #expect(text.contains("\n") == isPretty)
      let values = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(
        values.keys.sorted() == [
          "data", "mse_by_source", "mse_mean", "mse_std", "pairs", "precision", "projected", "psnr_db", "rounds",
          "seed", "split", "standard_error",
        ])
      #expect((values["projected"] as? [String: Any])?.keys.sorted() == ["mse_mean", "mse_std"])
      #expect(values["standard_error"] is NSNull)
      #expect(try JSONText.decode(EvaluationResult.self, from: text) == result)
    }
    #expect(result.summary.contains("synthetic"))
  }

  @Test
  func samplesShowEachPairInARow() throws {
    let network = UNetConfiguration(baseChannels: 2, blocks: 2, convolutionsPerBlock: 1)
    let layout = ParameterLayout(network)
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    // A network of zeros whose heads' biases are all that speaks.
    for tensor in layout.tensors where tensor.role == .movingVariance {
      values.copy([Float](repeating: 1, count: tensor.range.count), at: tensor.range.lowerBound)
    }
    values.copy([0.5], at: layout["head.mnist.bias"].range.lowerBound)
    values.copy([7], at: layout["head.fashion.bias"].range.lowerBound)
    let predictor = try Predictor(configuration: network, values: values, precision: .f32, batch: 4)
    let generator = MixingGenerator(sources: SmallRun.sources, stream: .test, seed: 3, imageSize: 32)
    let pairs = try SeparatedPair.separate([0, 1, 2], round: 0, predictor: predictor, generator: generator)
    let picture = PictureGrid(rows: pairs.map(\.row)).picture
    #expect(picture.width == 7 * 68 + 4 && picture.height == 3 * 68 + 4)
    for row in 0..<3 {
      // Pixels (15, 15) of 32x32, inside of the 2x2 pictures.
      func cell(_ column: Int) -> UInt8 {
        picture.pixels[(4 + row * 68 + 31) * picture.width + 4 + column * 68 + 31]
      }
      let pair = generator.pair(step: 0, index: row)
      let (first, second) = (110 + pair.first, 160 + pair.second)
      #expect(abs(Int(cell(0)) - (first + second) / 2) <= 1)
      #expect([cell(1), cell(2)] == [128, 255])
      #expect([cell(3), cell(4)] == [UInt8(first), UInt8(second)])
      #expect(abs(Int(cell(5)) - min(255, 4 * abs(first - 128))) <= 3 && cell(6) == 255)
    }
    #expect(picture.pixels[0] == 96)
  }
}
