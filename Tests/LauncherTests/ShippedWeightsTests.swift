import Foundation
import TestSupport
import Testing

/// What commands do that are given no weights.
struct ShippedWeightsTests {
  /// The built program in a folder of its own, as a tarball has it.
  private static func install(_ folder: TemporaryFolder) throws -> String {
    try folder.write("", to: "unmix/bin/.empty")
    let program = folder("unmix/bin/launcher")
    // By a process of its own: a child that another test forks meanwhile would keep the file open for writing, and nothing could run it.
    let copy = try MPIRun("/bin/cp", [MPIRun.builtProducts + "/launcher", program], ranks: nil).run()
    try #require(copy.succeeded, "\(copy)")
    return program
  }

  private static let evaluation = ["evaluate", "--data", "synthetic", "--rounds", "1", "--pairs", "20", "--json"]

  @Test
  func theWeightsBesideTheProgramAreUsedAndNamed() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let program = try Self.install(scratch)
    try scratch.write(
      try Array(Data(contentsOf: URL(fileURLWithPath: run.weights))), to: "unmix/Weights/mnist-fashion.safetensors")
    // One that is farther away is not looked at.
    try scratch.write("not weights", to: "Weights/mnist-fashion.safetensors")
    let named = try launch(Self.evaluation + ["--weights", run.weights])
    let shipped = try MPIRun(program, Self.evaluation, ranks: 2, limit: .seconds(300)).run()
    #expect(named.succeeded && shipped.succeeded, "\(named)\(shipped)")
    #expect(shipped.standardOutput == named.standardOutput)
    let path = scratch("unmix/Weights/mnist-fashion.safetensors")
    #expect(shipped.mentions("weights: \(path), shipped with this program") == 1, "\(shipped)")
    #expect(named.mentions("shipped") == 0, "\(named)")
  }

  @Test(arguments: [["evaluate"], ["demo"], ["separate", "a.png"]])
  func withoutAnyTheOptionIsAskedFor(_ command: [String]) throws {
    let scratch = try TemporaryFolder()
    let program = try Self.install(scratch)
    let outcome = try MPIRun(program, command, ranks: nil, environment: ["UNMIX_DATA": ""], folder: scratch.path).run()
    let message =
      "launcher: --weights FILE is needed: there is no Weights/mnist-fashion.safetensors in a folder above \(program)"
    #expect(outcome.exitCode == 66 && outcome.standardError.hasSuffix(message + "\n"), "\(outcome)")
  }
}
