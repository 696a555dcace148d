import Foundation
import TestSupport
import Testing

/// `--clip-norm`.
struct ClippingTests {
  @Test(arguments: [1, 2])
  func theRecordedLengthIsThatBeforeClipping(ranks: Int) throws {
    let scratch = try TemporaryFolder()
    func length(_ name: String, _ options: [String]) throws -> Double {
      let outcome = try launch(
        ["train"] + TinyRun.options + ["--epochs", "1", "--steps-per-epoch", "1", "--rounds", "0"] + options
          + ["--output", scratch(name)], ranks: ranks)
      try #require(outcome.succeeded, "\(outcome)")
      let lines = try scratch.bytes("\(name)/metrics.jsonl").split(separator: UInt8(ascii: "\n"))
      let events = try lines.compactMap { try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] }
      return try #require(events.compactMap { $0["gradientNorm"] as? Double }.first)
    }
    let whole = try length("whole", [])
    #expect(whole > 1e-3)
    #expect(try length("clipped", ["--clip-norm", "1e-6"]) == whole)
    #expect(try length("long", ["--clip-norm", "1e6"]) == whole)
  }
}
