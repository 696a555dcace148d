import Model
import TestSupport
import Testing

/// `--weight-decay`.
struct WeightDecayTests {
  /// A step is that of the gradient at the weights before it, with or without decay: the difference is the decay's alone.
  @Test(arguments: ["adam", "muon"], [1, 2])
  func kernelsLoseTheRateTimesTheDecayOfThemselvesAndNothingElseDoes(optimizer: String, ranks: Int) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    func step(_ decay: String) throws -> SafeTensorsFile {
      let outcome = try launch(
        ["train"] + TinyRun.options + [
          "--recipe", "notebook", "--optimizer", optimizer, "--learning-rate", "0.001", "--weight-decay", decay,
          "--epochs", "1", "--steps-per-epoch", "1", "--rounds", "0", "--initial-weights", run.weights, "-o",
          scratch(decay),
        ], ranks: ranks)
      try #require(outcome.succeeded, "\(outcome)")
      return try SafeTensorsFile(contentsOf: scratch("\(decay)/checkpoints/step-0000000001.safetensors"))
    }
    let (plain, decayed) = (try step("0"), try step("100"))
    let first = try SafeTensorsFile(contentsOf: run.weights)
    #expect(!first.tensors.isEmpty)
    for tensor in first.tensors {
      let share: Float = tensor.name.hasSuffix(".weight") ? 0.1 : 0
      let (before, name) = (try tensor.floats(), "current.\(tensor.name)")
      let (without, with) = (try plain.tensor(name).floats(), try decayed.tensor(name).floats())
      try #require(before.count == without.count && before.count == with.count)
      // Numbers of about 1 after some roundings.
      for i in before.indices {
        #expect(abs(without[i] - with[i] - share * before[i]) <= 1e-6, "\(tensor.name)[\(i)]")
      }
    }
  }
}
