import Foundation
import TestSupport
import Testing

@testable import Training

/// `--clip-norm`.
struct ClippingTests {
  /// One step of Adam's with `options`: the length that is recorded of its gradient, and the first moments, a tenth of the gradient that
  /// moved the weights.
  private func step(_ options: [String], ranks: Int) throws -> (length: Double, moments: [Float]) {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      ["train"] + TinyRun.options + ["--optimizer", "adam", "--epochs", "1", "--steps-per-epoch", "1", "--rounds", "0"]
        + options + ["--output", scratch("run")], ranks: ranks)
    try #require(outcome.succeeded, "\(outcome)")
    let lines = try scratch.bytes("run/metrics.jsonl").split(separator: UInt8(ascii: "\n"))
    let events = try lines.compactMap { try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] }
    let checkpoint = try Checkpoint(contentsOf: CheckpointFolder(scratch("run/checkpoints")).file(step: 1))
    return (try #require(events.compactMap { $0["gradientNorm"] as? Double }.first), try checkpoint.moments().first)
  }

  private func length(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  @Test(arguments: [1, 2])
  func aLongerGradientIsShortenedAndTheLengthBeforeIsRecorded(ranks: Int) throws {
    let whole = try step([], ranks: ranks)
    #expect(whole.length > 1e-3 && abs(10 * length(whole.moments) - whole.length) < 1e-5 * whole.length)

    let clipped = try step(["--clip-norm", "\(whole.length / 4)"], ranks: ranks)
    #expect(clipped.length == whole.length && clipped.moments.count == whole.moments.count)
    // A quarter in every element, up to some roundings.
    for (short, long) in zip(clipped.moments, whole.moments) {
      #expect(abs(short - long / 4) <= 1e-6 * abs(long) + .leastNormalMagnitude)
    }

    let long = try step(["--clip-norm", "\(whole.length * 2)"], ranks: ranks)
    #expect(long.length == whole.length && long.moments == whole.moments)
  }
}
