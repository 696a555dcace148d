import Foundation
import TestSupport
import Testing

@testable import Training

extension RanksTests {
  /// Runs of the trainer as ranks, in a folder of their own.
  final class TrainingRun {
    private let scratch: TemporaryFolder
    var folder: String { scratch.path }

    init() throws { scratch = try TemporaryFolder() }

    func start(_ arguments: [String], ranks: Int?) throws -> MPIRun.Outcome {
      try MPIRun("TrainingChecks", arguments, ranks: ranks, limit: .seconds(120)).run()
    }

    func train(_ output: String, _ arguments: [String], ranks: Int?) throws -> MPIRun.Outcome {
      try start(["train", "output=\(folder)/\(output)"] + arguments, ranks: ranks)
    }

    func checkpoint(_ output: String, step: Int) throws -> Checkpoint {
      try Checkpoint(contentsOf: CheckpointFolder("\(folder)/\(output)/checkpoints").file(step: step))
    }

    func metrics(_ output: String) throws -> [[Substring]] { try Metrics.rows(ofRun: "\(folder)/\(output)") }
  }

  /// The value after `name` in what rank 0 printed; the last one.
  private static func value(_ name: String, _ outcome: MPIRun.Outcome) throws -> String {
    let lines = outcome.standardOutput.split(separator: "\n").filter { $0.hasPrefix("\(name) ") }
    return String(try #require(lines.last, "\(outcome)").dropFirst(name.count + 1))
  }

  private static func losses(_ outcome: MPIRun.Outcome) throws -> [Double] {
    try value("losses", outcome).split(separator: " ").compactMap { Double($0) }
  }

  private static func gradient(_ outcome: MPIRun.Outcome) throws -> [Double] {
    try value("gradient", outcome).split(separator: ",").map { text in
      let bits = try #require(UInt32(text))
      return Double(Float(bitPattern: bits))
    }
  }

  @Test(arguments: [2, 9])
  func oneStepIsTheSameOnAnyNumberOfRanks(batch: Int) throws {
    let arguments = ["step", "batch=\(batch)"]
    let run = try TrainingRun()
    let alone = try run.start(arguments, ranks: nil)
    #expect(alone.succeeded, "\(alone)")
    let (losses, gradient) = (try Self.losses(alone), try Self.gradient(alone))
    #expect(losses.count == 2 && losses.allSatisfy { $0 > 0 })
    for ranks in 2...4 {
      let outcome = try run.start(arguments, ranks: ranks)
      #expect(outcome.succeeded, "\(outcome)")
      let found = try Self.losses(outcome)
      try #require(found.count == losses.count, "\(outcome)")
      for (ours, theirs) in zip(found, losses) {
        #expect(abs(ours - theirs) <= 1e-6 * theirs, "\(ranks) ranks: \(ours), not \(theirs)")
      }
      let other = try Self.gradient(outcome)
      try #require(other.count == gradient.count && other.allSatisfy(\.isFinite))
      let distance = zip(other, gradient).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let norm = gradient.reduce(0) { $0 + $1 * $1 }
      #expect(norm > 0 && distance <= 1e-10 * norm, "\(ranks) ranks: off by \((distance / norm).squareRoot())")
    }
  }

  @Test(arguments: [[], ["groups=1"]])
  func bucketSizesMoveAGradientByRoundingOnly(grouping: [String]) throws {
    let run = try TrainingRun()
    let outcomes = try ["bucket-bytes=1048576", "bucket-bytes=256"].map {
      try run.start(["step", $0] + grouping, ranks: 3)
    }
    let (whole, cut) = (try Self.gradient(outcomes[0]), try Self.gradient(outcomes[1]))
    try #require(whole.count == cut.count)
    for (a, b) in zip(whole, cut) { #expect(abs(a - b) <= 1e-5 * max(abs(a), 1e-3)) }
    // Between nodes each bucket of the two passes is a message.
    let messages = try outcomes.map { try #require(Int(Self.value("messages", $0))) }
    #expect(grouping.isEmpty ? messages == [0, 0] : messages[0] == 2 && messages[1] > 20, "\(messages)")
  }

  /// Each rank's part rounds once to 8 bits and each addition once more: relative errors of 2^-9 each, of random sign.
  @Test(arguments: [2, 3, 4])
  func bf16OnTheWireMovesAGradientByItsRoundingOnly(ranks: Int) throws {
    let run = try TrainingRun()
    let outcomes = try ["f32", "bf16"].map { try run.start(["step", "groups=1", "wire=\($0)"], ranks: ranks) }
    let (whole, rounded) = (try Self.gradient(outcomes[0]), try Self.gradient(outcomes[1]))
    let bytes = try outcomes.map { try #require(Int(Self.value("bytes", $0))) }
    #expect(bytes[0] == 2 * 4 * whole.count && bytes[1] == bytes[0] / 2, "\(bytes)")
    try #require(whole.count == rounded.count && rounded.allSatisfy(\.isFinite))
    let distance = zip(rounded, whole).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    let norm = whole.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(distance > 1e-4 * norm && distance < 8e-3 * norm, "off by \(distance / norm)")
    #expect(rounded.allSatisfy { Float($0).bitPattern & 0xFFFF == 0 })
  }

  @Test
  func evaluationIsTheSameToTheLastBit() throws {
    let run = try TrainingRun()
    // Four batches of 50 for up to four ranks, the last not full; then fewer batches than ranks.
    for pairs in ["pairs=170", "pairs=60"] {
      let texts = try [nil, 2, 3, 4].map { ranks in
        try Self.value("evaluation", run.start(["evaluate", "rounds=3", pairs], ranks: ranks))
      }
      #expect(Set(texts).count == 1, "\(texts)")
      let result = try JSONText.decode(EvaluationResult.self, from: texts[0])
      #expect(result.rounds.count == 3 && Set(result.rounds).count == 3)
      #expect(result.data == "synthetic" && result.mseMean > 0)
      #expect(result.projected.mseMean <= result.mseMean)
    }
  }

  @Test(arguments: [nil, 3])
  func aKilledAndResumedRunEqualsOneThatNeverStopped(ranks: Int?) throws {
    let run = try TrainingRun()
    let arguments = ["epochs=3", "steps-per-epoch=5", "batch=7", "checkpoint-every=4", "keep=2"]
    let whole = try run.train("whole", arguments, ranks: ranks)
    #expect(whole.succeeded, "\(whole)")
    #expect(try Self.value("steps", whole) == "15")

    // Dies in the second epoch, two steps after the checkpoint of step 8.
    let killed = try run.train("cut", arguments + ["die-after=10", "after-checkpoint=8"], ranks: ranks)
    #expect(killed.exitCode != 0 && !killed.timedOut, "\(killed)")
    let resumed = try run.train("cut", arguments, ranks: ranks)
    #expect(resumed.succeeded, "\(resumed)")
    #expect(resumed.standardError.contains("step-0000000008.safetensors, step 8, 1 epochs complete"), "\(resumed)")
    #expect(!resumed.standardError.contains("rounding only"))

    let (a, b) = (try run.checkpoint("whole", step: 15), try run.checkpoint("cut", step: 15))
    for best in [false, true] { #expect(try a.weights(best: best) == b.weights(best: best)) }
    #expect(try a.moments().first == b.moments().first && a.moments().second == b.moments().second)
    #expect(a.state.recipe == b.state.recipe && a.state.epoch == 3)
    #expect(try run.metrics("whole") == run.metrics("cut"))
    #expect(try run.metrics("cut").count == 4)
    #expect(try Self.value("evaluation", whole) == Self.value("evaluation", resumed))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/cut/checkpoints").sorted()
        == ["step-0000000012.safetensors", "step-0000000015.safetensors"])
  }

  /// Ranks are asked before each of an epoch's six steps and after each of its two validation batches.
  @Test(arguments: [(asks: 5, steps: "5"), (7, "6"), (8, "6"), (10, "8"), (16, "12")])
  func aStopOnRequestSavesAndGoesOn(asks: Int, steps: String) throws {
    let run = try TrainingRun()
    let whole = try run.train("whole", ["batch=5"], ranks: 2)
    let stopped = try run.train("cut", ["batch=5", "stop-after=\(asks)"], ranks: 2)
    #expect(try stopped.succeeded && Self.value("requested", stopped) == "true", "\(stopped)")
    #expect(try Self.value("steps", stopped) == steps)
    let resumed = try run.train("cut", ["batch=5"], ranks: 2)
    #expect(try Self.value("evaluation", whole) == Self.value("evaluation", resumed))
    // Once it is complete, a resume evaluates again and trains nothing.
    let again = try run.train("cut", ["batch=5"], ranks: 2)
    #expect(try Self.value("evaluation", whole) == Self.value("evaluation", again))
    #expect(try run.metrics("whole") == run.metrics("cut"))
    // Each step belongs to one record, those just before the stop too.
    let counts = try EventLog.events(in: "\(run.folder)/cut/metrics.jsonl").map { event in
      if case .steps(let record) = event { record.count } else { 0 }
    }
    #expect(counts.reduce(0, +) == 12, "\(counts)")
  }

  @Test
  func validationIsTheSameOnAnyNumberOfRanks() throws {
    let run = try TrainingRun()
    let arguments = ["epochs=1", "steps-per-epoch=1", "batch=3", "validation-steps=5", "rounds=0"]
    let losses = try [nil, 2, 4].map { ranks in
      let outcome = try run.train("ranks-\(ranks ?? 1)", arguments, ranks: ranks)
      #expect(outcome.succeeded, "\(outcome)")
      return try #require(run.metrics("ranks-\(ranks ?? 1)").last).suffix(2).compactMap { Double($0) }
    }
    #expect(losses[0].count == 2 && losses[0][0] != losses[0][1])
    for other in losses.dropFirst() {
      try #require(other.count == 2)
      for head in 0..<2 { #expect(abs(other[head] - losses[0][head]) <= 1e-5 * losses[0][head], "\(losses)") }
    }
  }

  @Test
  func anotherNumberOfRanksSaysThatRoundingDiffers() throws {
    let run = try TrainingRun()
    _ = try run.train("run", ["epochs=1"], ranks: nil)
    let resumed = try run.train("run", ["epochs=2"], ranks: 2)
    #expect(resumed.succeeded, "\(resumed)")
    #expect(resumed.standardError.contains("to rounding only: ranks 2 instead of 1"), "\(resumed)")
  }

  @Test
  func aRunSaysWhatItIs() throws {
    let run = try TrainingRun()
    let outcome = try run.train("run", ["epochs=12", "steps-per-epoch=10"], ranks: 2)
    #expect(outcome.succeeded, "\(outcome)")
    let log = try String(contentsOfFile: "\(run.folder)/run/log.txt", encoding: .utf8)
    for text in ["data: synthetic", "precision: f32", "threads per rank: 1", "ranks: 2", "resume point: none"] {
      #expect(outcome.standardError.contains(text) && log.contains(text), "\(text)")
    }
    for name in ["config.yaml", "evaluation.json", "best.safetensors", "samples.png"] {
      #expect(FileManager.default.fileExists(atPath: "\(run.folder)/run/\(name)"), "\(name)")
    }
    // It learns, and what it learned is what it evaluates and keeps.
    let rows = try run.metrics("run").dropFirst().map { $0.compactMap { Double($0) } }
    let (first, last) = (try #require(rows.first), try #require(rows.last))
    #expect(last[3] < 0.7 * first[3], "\(rows)")
    let epochs = log.split(separator: "\n").filter { $0.contains("val_loss") }
    #expect(epochs.count == rows.count && epochs.allSatisfy { $0.contains("[synthetic]") }, "\(epochs)")
    let best = try #require(rows.map { $0[6] }.min())
    #expect(try Double(Self.value("best", outcome)) == best)
    #expect(rows.allSatisfy { abs($0[6] - $0[7] - $0[8]) < 1e-12 })

    // The records of some steps each add up to the epochs of ten.
    let records = try EventLog.events(in: "\(run.folder)/run/metrics.jsonl").compactMap { event in
      if case .steps(let record) = event { record } else { nil }
    }
    let steps = 10 * rows.count
    #expect(
      records.count > 1 && records.map(\.count).reduce(0, +) == steps && records.last?.step == steps, "\(records)")
    let losses = records.reduce(into: [0.0, 0]) {
      $0[0] += Double($1.count) * $1.losses.first
      $0[1] += Double($1.count) * $1.losses.second
    }
    for head in 0..<2 {
      let expected = rows.reduce(0) { $0 + 10 * $1[4 + head] }
      #expect(abs(losses[head] - expected) < 1e-9 * expected, "head \(head): \(losses[head]), not \(expected)")
    }
    for record in records {
      #expect(record.ranks.map(\.pairs) == [4, 4], "\(record)")
      // Of both ranks the parts of a step are the whole step, and the speed is that of rank 0.
      let seconds = record.ranks.map { $0.data + $0.compute + $0.communication }
      #expect(seconds.allSatisfy { $0 > 0 } && abs(record.imagesPerSecond * seconds[0] - 8) < 1e-6, "\(record)")
    }
  }

  @Test
  func aLossThatIsNotFiniteStopsTheRun() throws {
    let run = try TrainingRun()
    let outcome = try run.start(["step", "infinity-on-rank=1"], ranks: 2)
    #expect(outcome.exitCode == 1 && outcome.standardError.contains("loss of head mnist"), "\(outcome)")
    let diverging = try run.train("run", ["rate=1e30", "batch=4"], ranks: 2)
    #expect(diverging.exitCode == 1 && diverging.standardError.contains("not finite"), "\(diverging)")
    #expect(diverging.standardError.contains("step "))
  }

  @Test(arguments: [(ranks: 2, rank: 1), (3, 0), (4, 2)])
  func aFlippedBitOnOneRankIsFoundAndItsRankNamed(ranks: Int, rank: Int) throws {
    let run = try TrainingRun()
    let long = ["epochs=1", "steps-per-epoch=110", "rounds=0", "batch=4"]
    let outcome = try run.train("run", long + ["flip-bit-on-rank=\(rank)"], ranks: ranks)
    #expect(outcome.exitCode == 1 && outcome.standardError.contains("step 100: the weights of rank \(rank) are not"))
    #expect(!outcome.standardError.contains("step 110"), "\(outcome)")
  }

  /// Rank 0's weights are what a checkpoint holds, and what a run would go on from on all ranks.
  @Test
  func weightsThatDifferAreNotSaved() throws {
    let run = try TrainingRun()
    let short = ["epochs=1", "steps-per-epoch=20", "rounds=0", "batch=4", "checkpoint-every=5"]
    let outcome = try run.train("run", short + ["flip-bit-on-rank=0"], ranks: 3)
    #expect(outcome.exitCode == 1 && outcome.standardError.contains("step 10: the weights of rank 0 are not"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/run/checkpoints") == [
        "step-0000000005.safetensors"
      ])
  }

  @Test
  func ranksWithOtherPicturesAreFound() throws {
    let run = try TrainingRun()
    let outcome = try run.train("run", ["other-pictures-on-rank=1"], ranks: 2)
    #expect(outcome.exitCode == 1 && outcome.standardError.contains("rank 1 loaded other pictures"), "\(outcome)")
  }

  @Test
  func theBenchmarkReportsItsPhases() throws {
    let run = try TrainingRun()
    let outcome = try run.start(["benchmark", "steps=7"], ranks: 2)
    let result = try JSONText.decode(StepBenchmark.Result.self, from: Self.value("benchmark", outcome))
    #expect(result.steps == 7 && result.ranks == 2 && result.data == "synthetic")
    #expect(result.imagesPerSecondMax >= result.imagesPerSecondMedian && result.imagesPerSecondMedian > 0)
    #expect(result.phases.keys.sorted() == ["backward", "data", "forward", "loss", "reduction", "update"])
    if let peak = result.peakGflops {
      let fraction = try #require(result.fractionOfPeak)
      #expect(abs(fraction * peak - result.gflops) < 1e-9 * peak && result.peakInstruction != nil)
    }
    #expect(result.gflops > 0 && result.residentMiB > 1 && result.trainingMiB == nil)
    let images = result.msPerStepMedian / 1000 * result.imagesPerSecondMedian
    #expect(abs(images - 8) < 1e-6)
  }
}
