import Testing

@testable import Training

struct ProgressTests {
  private static let plain = ProgressStyle(isLive: true, usesColour: false, usesUnicode: false)
  private static let rich = ProgressStyle(isLive: true, usesColour: true, usesUnicode: true)

  /// Two ranks in step 25 of 100 of the second of four epochs.
  private static var progress: RunProgress {
    var progress = RunProgress()
    (progress.epoch, progress.epochs, progress.stepInEpoch, progress.stepsPerEpoch) = (1, 4, 25, 100)
    progress.heads = ["mnist", "fashion"]
    progress.losses = .init(first: 0.001, second: 0.002)
    progress.validation = .init(first: 0.004, second: 0.005)
    progress.bestValidationLoss = 0.008
    progress.learningRate = 3e-4
    (progress.imagesPerSecond, progress.secondsPerStep) = (120, 0.5)
    progress.ranks = [
      .init(pairs: 24, data: 0.01, compute: 0.8, communication: 0.19),
      .init(pairs: 8, data: 0.01, compute: 0.6, communication: 0.39),
    ]
    return progress
  }

  @Test
  func theBlockSaysWhereTheRunIs() {
    #expect(
      Self.progress.block(width: 80, style: Self.plain) == [
        "epoch      2/4       ###########.........................  31 %  ETA 2:18",
        "step       25/100    #########...........................  25 %  ETA 0:38",
        "loss 0.003000 (mnist 0.001000, fashion 0.002000)",
        "val_loss 0.009000 (best 0.008000)",
        "120 images/s (90 + 30)  learning rate 0.0003",
        "compute 70 %, communication 29 %, data 1 %",
      ])
  }

  @Test
  func noLineIsWiderThanTheTerminal() {
    var progress = Self.progress
    progress.isSynthetic = true
    for style in [Self.plain, Self.rich] {
      for width in [1, 2, 10, 30, 45, 60, 80, 200] {
        for activity in [RunProgress.Activity.training, .validating(done: 3, of: 187), .evaluating(done: 1, of: 9)] {
          progress.activity = activity
          for line in progress.block(width: width, style: style) {
            #expect(Self.visible(line).count <= max(1, width - 1), "\(width): \(line)")
          }
        }
      }
    }
  }

  /// `line` without what moves cursors and colours letters.
  private static func visible(_ line: String) -> String {
    line.split(separator: "\u{1B}[", omittingEmptySubsequences: false).enumerated()
      .map { $0.offset == 0 ? String($0.element) : String($0.element.drop { $0 != "m" }.dropFirst()) }.joined()
  }

  @Test
  func anEmptyRunHasABlockToo() {
    let lines = RunProgress().block(width: 60, style: Self.plain)
    #expect(lines.count == 3 && lines[2] == "- images/s", "\(lines)")
    #expect(RunProgress().line == "epoch 1/1  step 0/1  - images/s  ETA -")
  }

  @Test
  func aPlainLineHasNoControlCharacters() {
    var progress = Self.progress
    #expect(progress.line == "epoch 2/4  step 25/100  loss 0.003000  120 images/s  ETA 2:18")
    progress.isSynthetic = true
    progress.activity = .validating(done: 5, of: 187)
    #expect(progress.line == "epoch 2/4  step 25/100  loss 0.003000  validation 5/187  [synthetic]")
  }

  @Test
  func aRunThatHasDoneAllIsAtItsLastStep() {
    var progress = Self.progress
    (progress.epoch, progress.stepInEpoch) = (4, 0)
    #expect(progress.line == "epoch 4/4  step 100/100  loss 0.003000  120 images/s  ETA 0:00")
    let lines = progress.block(width: 80, style: Self.plain)
    #expect(lines[0].contains("100 %") && lines[1].contains("100/100") && lines[1].contains("100 %"), "\(lines)")
  }

  @Test
  func manyRanksAreSummedUp() {
    var progress = Self.progress
    progress.ranks = (0..<16).map { .init(pairs: $0 == 0 ? 1 : 2, data: 0, compute: 1, communication: 0) }
    let text = progress.block(width: 200, style: Self.plain).joined(separator: "\n")
    #expect(text.contains("120 images/s (16 ranks of 4 to 8)"), "\(text)")
  }

  @Test(arguments: [
    (["TERM": "xterm", "LANG": "de_DE.UTF-8"], true, ProgressStyle(isLive: true, usesColour: true, usesUnicode: true)),
    (["TERM": "xterm", "LANG": "C"], true, ProgressStyle(isLive: true, usesColour: true, usesUnicode: false)),
    (
      ["TERM": "xterm", "LANG": "C", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"], true,
      ProgressStyle(isLive: true, usesColour: false, usesUnicode: true)
    ),
    (
      ["TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C", "NO_COLOR": ""], true,
      ProgressStyle(isLive: true, usesColour: true, usesUnicode: false)
    ),
    (["TERM": "dumb"], true, ProgressStyle(isLive: false, usesColour: false, usesUnicode: false)),
    ([:], true, ProgressStyle(isLive: false, usesColour: false, usesUnicode: false)),
    (["TERM": "xterm"], false, ProgressStyle(isLive: false, usesColour: false, usesUnicode: false)),
  ])
  func theEnvironmentDecidesTheStyle(environment: [String: String], isTerminal: Bool, style: ProgressStyle) {
    #expect(ProgressStyle(environment: { environment[$0] }, isTerminal: isTerminal) == style)
  }

  @Test
  func aBlockIsRewrittenInPlace() {
    var block = LiveBlock()
    #expect(block.clear().isEmpty)
    #expect(block.draw(["a", "b", "c"]) == "a\nb\nc")
    #expect(block.draw(["d"]) == "\r\u{1B}[2A\u{1B}[Jd")
    #expect(block.clear() == "\r\u{1B}[J")
    #expect(block.clear().isEmpty)
  }

  @Test
  func progressFollowsTheEvents() throws {
    #expect(RunProgress([]) == nil)
    let start = StartRecord(
      time: 0, step: 0, epoch: 0, epochs: 3, stepsPerEpoch: 10, validationSteps: 1, globalBatch: 32, parameters: 1,
      heads: ["a", "b"], data: "synthetic", precision: "f32", recipe: "notebook", hosts: ["h", "h"], threads: 1)
    let ranks = [0.1, 0.3].map { StepsRecord.RankTimes(pairs: 16, data: 0, compute: $0, communication: 0) }
    func steps(_ step: Int) -> RunEvent {
      .steps(
        .init(
          time: 1, step: step, epoch: 1 + (step - 1) / 10, stepInEpoch: (step - 1) % 10 + 1, count: 5,
          losses: .init(first: 1, second: 2), learningRate: 1e-3, gradientNorm: 1, imagesPerSecond: 64, seconds: 4,
          ranks: ranks))
    }
    func epoch(_ number: Int, _ loss: Double) -> RunEvent {
      .epoch(
        .init(
          epoch: number, step: 10 * number, learningRate: 1e-3, losses: .init(first: 1, second: 2),
          validation: .init(first: loss, second: 0), imagesPerSecond: 64, seconds: 5, time: 2, isBest: true,
          nextLearningRate: 5e-4))
    }
    let events = [.start(start), steps(5), steps(10), epoch(1, 0.25), steps(15), steps(20), epoch(2, 0.5), steps(23)]
    let progress = try #require(RunProgress(events))
    #expect(progress.epoch == 2 && progress.stepInEpoch == 3 && progress.secondsPerStep == 0.3)
    #expect(progress.bestValidationLoss == 0.25 && progress.validation?.sum == 0.5 && progress.heads == ["a", "b"])
    #expect(progress.isSynthetic && progress.imagesPerSecondByRank == [32, 32])
    #expect(try #require(progress.runSecondsLeft) == 7 * 0.3)
    // A time budget tells within the first epoch how many there will be.
    guard case .steps(var measured) = steps(8) else { preconditionFailure("no record of steps") }
    #expect(try JSONText.decode(StepsRecord.self, from: JSONText.encode(measured)).epochs == nil)
    measured.epochs = 2
    let timed = try #require(RunProgress([.start(start), .steps(measured)]))
    #expect(timed.epochs == 2 && timed.runSecondsLeft == 12 * 0.3)
  }

  /// A pause between two starts of the run is not how long its records take.
  @Test
  func aPauseBeforeTheLastStartIsNoInterval() {
    func start(_ time: Double) -> RunEvent {
      .start(
        StartRecord(
          time: time, step: 0, epoch: 0, epochs: 3, stepsPerEpoch: 10, validationSteps: 1, globalBatch: 32,
          parameters: 1, heads: ["a", "b"], data: "synthetic", precision: "f32", recipe: "notebook", hosts: ["h"],
          threads: 1))
    }
    func evaluation(_ time: Double) -> RunEvent { .end(.init(time: time, step: 1, reason: .asked, seconds: 1)) }
    let day = 86_400.0
    #expect(WatchedRun.usualInterval(of: [start(0), evaluation(7), start(2 * day), evaluation(2 * day + 5)]) == 5)
    #expect(WatchedRun.usualInterval(of: [start(0), evaluation(7), evaluation(9)]) == 7)
    #expect(WatchedRun.usualInterval(of: [start(0), evaluation(7), start(2 * day)]) == nil)
  }

  /// Three ranks over 30 steps of two records: rank 1 computes longest, rank 0 waits.
  @Test
  func theTableNamesTheSlowestRank() {
    var table = StragglerTable()
    #expect(table.lines.isEmpty)
    for (count, compute) in [(10, [0.1, 0.4, 0.2]), (20, [0.1, 0.13, 0.2])] {
      table.add(
        .init(
          time: 0, step: count, epoch: 1, stepInEpoch: count, count: count, losses: .init(first: 1, second: 2),
          learningRate: 1e-3, gradientNorm: 1, imagesPerSecond: 64, seconds: 4,
          ranks: compute.map { .init(pairs: 8, data: 0.001, compute: $0, communication: 0.4 - $0) }))
    }
    #expect(
      table.lines == [
        "ms of a step         min   median      max", "  compute          100.0    200.0    220.0  rank 1",
        "  communication    180.0    200.0    300.0  rank 0", "  making pairs       1.0      1.0      1.0  rank 2",
      ])
    var alone = StragglerTable()
    alone.add(
      .init(
        time: 0, step: 1, epoch: 1, stepInEpoch: 1, count: 1, losses: .init(first: 1, second: 2), learningRate: 1e-3,
        gradientNorm: 1, imagesPerSecond: 64, seconds: 4,
        ranks: [.init(pairs: 8, data: 0.001, compute: 1, communication: 0)]))
    #expect(alone.lines.isEmpty)
  }

  @Test
  func theMeterCountsWhatIsLeft() throws {
    var configuration = RunConfiguration()
    (configuration.epochs, configuration.stepsPerEpoch) = (3, 100)
    var state = TrainingState(recipe: .notebook(NotebookRecipe()))
    var meter = ProgressMeter(configuration, state: state, isSynthetic: true, now: 100)
    func afterStep(_ step: Int, now: Double) -> RunProgress? {
      (state.step, state.stepInEpoch) = (step, step)
      return meter.afterStep(state, losses: .init(first: 0.25, second: 0.25), now: now)
    }
    func during(_ done: Int, now: Double) -> RunProgress? { meter.during(.validating(done: done, of: 2), now: now) }
    // The first step, however long it took, says nothing of the others; the next looks come too soon.
    #expect(afterStep(1, now: 110) == nil && afterStep(2, now: 110.1) == nil && afterStep(3, now: 110.2) == nil)
    let progress = try #require(afterStep(11, now: 115))
    #expect(progress.line.contains("epoch 1/3  step 11/100  loss 0.5000") && progress.line.contains("[synthetic]"))
    #expect(progress.secondsPerStep == 0.5 && progress.imagesPerSecond == 64)
    // A fifth of what is new, from there on.
    let later = try #require(afterStep(12, now: 116.5))
    #expect(abs(try #require(later.secondsPerStep) - 0.7) < 1e-12)
    #expect(during(1, now: 116.6) == nil)
    #expect(during(2, now: 116.8)?.activity == .validating(done: 2, of: 2))
    // Steps after it are measured from the first of them on.
    #expect(afterStep(13, now: 200) == nil)
    #expect(abs(try #require(afterStep(14, now: 200.7)?.secondsPerStep) - 0.7) < 1e-12)
  }
}
