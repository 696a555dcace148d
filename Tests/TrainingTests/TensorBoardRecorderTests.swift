import Dataset
import Foundation
import TensorBoard
import TestSupport
import Testing

@testable import Training

/// What TensorBoard is told of a run. `make test-interop` has TensorBoard itself read the files.
struct TensorBoardRecorderTests {
  private let folder: TemporaryFolder
  private let summaries = RunSummaries(heads: ["digits", "garments"])

  init() throws { folder = try TemporaryFolder() }

  private func scalars(_ event: RunEvent) -> [String: Float] {
    Dictionary(
      uniqueKeysWithValues: summaries.summaries(of: event).map { summary in
        guard case .scalar(let value) = summary.value else { preconditionFailure("\(summary.tag) is a picture") }
        return (summary.tag, value)
      })
  }

  private let steps = RunEvent.steps(
    .init(
      time: 1e9, step: 12, epoch: 2, stepInEpoch: 2, count: 5, losses: .init(first: 0.25, second: 0.5),
      learningRate: 1e-3, gradientNorm: 4, imagesPerSecond: 100, seconds: 3,
      ranks: [
        .init(pairs: 17, data: 0.01, compute: 0.2, communication: 0.03),
        .init(pairs: 15, data: 0.03, compute: 0.4, communication: 0.01),
      ]))

  @Test func everyNumberOfAStepHasItsTag() {
    #expect(
      scalars(steps) == [
        "train/loss": 0.75, "train/loss_digits": 0.25, "train/loss_garments": 0.5, "train/learning_rate": 1e-3,
        "train/gradient_norm": 4, "train/images_per_s": 100, "step_seconds/data": 0.02, "step_seconds/compute": 0.3,
        "step_seconds/communication": 0.02,
      ])
  }

  @Test func anEpochTellsItsTrainingAndItsValidation() {
    let epoch = RunEvent.epoch(
      .init(
        epoch: 1, step: 10, learningRate: 3e-4, losses: .init(first: 0.125, second: 0.5),
        validation: .init(first: 0.25, second: 1), imagesPerSecond: 50, seconds: 7.5, time: 1e9, isBest: true,
        nextLearningRate: 1e-4))
    #expect(
      scalars(epoch) == [
        "validation/loss": 1.25, "validation/loss_digits": 0.25, "validation/loss_garments": 1, "epoch/loss": 0.625,
        "epoch/loss_digits": 0.125, "epoch/loss_garments": 0.5, "epoch/images_per_s": 50,
      ])
  }

  @Test func theEvaluationTellsPlainAndProjectedApart() {
    let result = EvaluationResult(
      mseMean: 0.5, mseStd: 0, rounds: [0.5], mseBySource: ["digits": 0.25, "garments": 0.75], psnrDb: 3,
      standardError: nil, projected: .init(mseMean: 0.125, mseStd: 0), pairs: 10, seed: 1, split: "test",
      precision: "f32", data: "synthetic")
    #expect(
      scalars(.evaluation(.init(time: 1, step: 3, result: result))) == [
        "evaluation/mse": 0.5, "evaluation/mse_projected": 0.125, "evaluation/mse_digits": 0.25,
        "evaluation/mse_garments": 0.75, "evaluation/psnr_db": 3,
      ])
  }

  @Test func startAndEndHaveNoValues() {
    let start = StartRecord(
      time: 1e9, step: 0, epoch: 0, epochs: 3, stepsPerEpoch: 10, validationSteps: 1, globalBatch: 32, parameters: 1,
      heads: summaries.heads, data: "synthetic", precision: "f32", recipe: "notebook", hosts: ["h"], threads: 1)
    #expect(summaries.summaries(of: .start(start)).isEmpty)
    #expect(summaries.summaries(of: .end(.init(time: 2e9, step: 10, reason: .asked, seconds: 7))).isEmpty)
  }

  /// Two pairs of pictures of one grey each, side by side.
  @Test func picturesStandSideBySide() throws {
    func pair(_ number: Int, _ grey: Float) -> SeparatedPair {
      func picture(_ value: Float) -> [Float] { [Float](repeating: value, count: 32 * 32) }
      return SeparatedPair(
        number: number, mixed: picture(grey), predicted: [picture(0.5), picture(1)], truth: [picture(0), picture(0.9)])
    }
    let pairs = [pair(0, 0.2), pair(1, 0.6)]
    var found: [String: [Int]] = [:]
    for summary in summaries.summaries(of: pairs, withTruth: true) {
      guard case .picture(let png, let width, let height) = summary.value else {
        Issue.record("\(summary.tag) is no picture")
        continue
      }
      let picture = try GreyPicture(pngBytes: png, path: summary.tag)
      #expect(picture.width == width && picture.height == height && width == 4 + 2 * 68 && height == 4 + 68)
      found[summary.tag] = [20, 20 + 68].map { Int(picture.pixels[20 * width + $0]) }
    }
    #expect(
      found == [
        "pictures/mixed": [51, 153], "pictures/true_digits": [0, 0], "pictures/predicted_digits": [128, 128],
        "pictures/error_digits": [255, 255], "pictures/true_garments": [230, 230],
        "pictures/predicted_garments": [255, 255], "pictures/error_garments": [102, 102],
      ])
    let later = summaries.summaries(of: pairs, withTruth: false).map(\.tag)
    #expect(Set(found.keys).subtracting(later) == ["pictures/mixed", "pictures/true_digits", "pictures/true_garments"])
  }

  @Test func aRunStartsWithTheVersionAndAResumeVoidsWhatIsTakenAgain() throws {
    let path = folder("tensorboard")
    let first = try TensorBoardRecorder(path, heads: summaries.heads, step: 0, host: "a", time: 1e9)
    try first.record(steps)
    try first.record(.end(.init(time: 2e9, step: 10, reason: .asked, seconds: 7)))
    _ = try TensorBoardRecorder(path, heads: summaries.heads, step: 10, host: "b", time: 1.5e9)
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(names == ["events.out.tfevents.1000000000.a.\(getpid())", "events.out.tfevents.1500000000.b.\(getpid())"])
    let version = TensorBoardEvent(time: 1e9, step: 0, .version)
    let values = TensorBoardEvent(time: 1e9, step: 12, .summaries(summaries.summaries(of: steps)))
    #expect(try folder.bytes("tensorboard/\(names[0])") == version.record + values.record)
    let again = [
      TensorBoardEvent(time: 1.5e9, step: 0, .version), TensorBoardEvent(time: 1.5e9, step: 11, .start),
    ]
    #expect(try folder.bytes("tensorboard/\(names[1])") == again.flatMap(\.record))
  }

  /// A run that died before its first checkpoint begins anew in the same folder.
  @Test func aSecondBeginningVoidsTheFirst() throws {
    let path = folder("tensorboard")
    _ = try TensorBoardRecorder(path, heads: summaries.heads, step: 0, host: "a", time: 1e9)
    _ = try TensorBoardRecorder(path, heads: summaries.heads, step: 0, host: "b", time: 1.5e9)
    let again = [TensorBoardEvent(time: 1.5e9, step: 0, .version), TensorBoardEvent(time: 1.5e9, step: 1, .start)]
    #expect(
      try folder.bytes("tensorboard/events.out.tfevents.1500000000.b.\(getpid())") == again.flatMap(\.record))
  }
}
