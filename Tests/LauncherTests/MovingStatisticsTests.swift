import Model
import TestSupport
import Testing

/// How the moving statistics of a normalisation begin.
struct MovingStatisticsTests {
  /// What every normalisation holds after each of `count` steps that are too short to move a weight; the first entry is that of fresh
  /// weights.
  private func moving(_ options: [String], ranks: Int, steps count: Int) throws -> [[String: [Float]]] {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      ["train"] + TinyRun.options + options + [
        "--learning-rate", "1e-30", "--checkpoint-every", "1", "--keep", "9", "--rounds", "0", "-o", scratch("run"),
      ], ranks: ranks)
    try #require(outcome.succeeded, "\(outcome)")
    var fresh: [String: [Float]] = [:]
    let files = try (1...count).map { step in
      let file = try SafeTensorsFile(contentsOf: scratch("run/checkpoints/step-000000000\(step).safetensors"))
      let tensors = file.tensors.filter { $0.name.hasPrefix("current.") && $0.name.contains(".moving_") }
      return try Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, try $0.floats()) })
    }
    for (name, values) in files[0] {
      fresh[name] = Array(repeating: name.hasSuffix("variance") ? 1 : 0, count: values.count)
    }
    return [fresh] + files
  }

  /// The notebook's tell the statistics of each step's batch, `batch = (after - 0.99 before) / 0.01`, which the fast recipe's took in with
  /// the share 1 - (1 + t) / (10 + t) at step t, counted from 1.
  @Test(arguments: [1, 3])
  func thoseOfTheFastRecipeBeginAsAnAverage(ranks: Int) throws {
    let notebook = try moving(["--recipe", "notebook"], ranks: ranks, steps: 6)
    let fast = try moving(
      [
        "--recipe", "fast", "--optimizer", "adam", "--average-decay", "0", "--warm-up", "5", "--freeze-statistics", "1",
      ],
      ranks: ranks, steps: 6)
    try #require(fast[1].count == 6 && Set(fast[1].keys) == Set(notebook[1].keys))
    for name in fast[1].keys {
      for t in 1...5 {
        let kept = Double(1 + t) / Double(10 + t)
        for c in try #require(fast[t][name]).indices {
          let (before, after) = try (
            Double(#require(notebook[t - 1][name])[c]), Double(#require(notebook[t][name])[c])
          )
          let batch = (after - 0.99 * before) / 0.01
          let (start, end) = try (Double(#require(fast[t - 1][name])[c]), Double(#require(fast[t][name])[c]))
          // An f32 below 2 is known to 6e-8, so the batch to about 1e-5.
          #expect(abs(end - (kept * start + (1 - kept) * batch)) < 2e-5, "\(name)[\(c)] at step \(t)")
        }
      }
      #expect(fast[6][name] == fast[5][name], "\(name) is frozen")
    }
  }

  /// They are good already, and a run that goes on soon freezes them.
  @Test
  func thoseOfGivenWeightsMoveAsKerasMovesThem() throws {
    let weights = ["--initial-weights", try TinyRun.done().weights]
    let notebook = try moving(["--recipe", "notebook"] + weights, ranks: 1, steps: 5)
    let fast = try moving(
      ["--recipe", "fast", "--optimizer", "adam", "--average-decay", "0", "--warm-up", "5", "--freeze-statistics", "1"]
        + weights, ranks: 1, steps: 5)
    #expect(fast[1...] == notebook[1...] && fast[1] != fast[5])
  }
}
