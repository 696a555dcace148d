import Foundation
import Model
import TestSupport
import Testing

struct WeightsTests {
  @Test(arguments: ["best", "current"])
  func anExportHoldsTheCheckpointsWeights(which: String) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let outcome = try launch([
      "export", "--checkpoint", run.checkpoint, "--which", which, "-o", scratch("w.safetensors"), "--json",
    ])
    #expect(outcome.succeeded, "\(outcome)")
    #expect(try outcome.json()["parameters"] as? Int == TinyRun.parameters)
    let exported = try SafeTensorsFile(contentsOf: scratch("w.safetensors"))
    let checkpoint = try SafeTensorsFile(contentsOf: run.checkpoint)
    try #require(exported.tensors.reduce(0) { $0 + $1.bytes.count } == TinyRun.parameters * 4)
    for tensor in exported.tensors {
      #expect(try tensor.bytes == checkpoint.tensor("\(which).\(tensor.name)").bytes, "\(tensor.name)")
    }
  }

  @Test
  func aWeightFileIsNoCheckpoint() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let outcome = try launch(["export", "--checkpoint", run.weights, "-o", scratch("w.safetensors")])
    #expect(outcome.exitCode == 65 && outcome.standardError.contains("not a checkpoint"), "\(outcome)")
    #expect(try scratch.names(in: "").isEmpty)
  }

  /// There is nothing to choose among: whoever gives --which means another file.
  @Test(arguments: [["evaluate", "--data", "synthetic"], ["export", "-o", "w.safetensors"], ["demo"]])
  func aChoiceAmongTheWeightsOfAWeightFileIsRefused(command: [String]) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let outcome = try launch(command + ["--weights", run.weights, "--which", "current"], folder: scratch.path)
    #expect(
      outcome.exitCode == 64 && outcome.standardError.contains("--which: \(run.weights) is no checkpoint"), "\(outcome)"
    )
    #expect(try scratch.names(in: "").isEmpty)
  }

  private static let fixture = Fixtures.tinyStep

  @Test(arguments: [nil, 1, 2, 3, 4])
  func theReferenceStepPassesOnAnyNumberOfRanks(ranks: Int?) throws {
    let outcome = try launch(["verify", "--reference", Self.fixture, "--precision", "f32", "--json"], ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    let verdict = try outcome.json()
    #expect(verdict["passed"] as? Bool == true && verdict["ranks"] as? Int == ranks ?? 1, "\(outcome)")
    #expect(verdict["tensors"] as? Int == 135, "\(outcome)")
    let worst = try #require(verdict["worst"] as? [String: Any])
    #expect(worst["name"] is String && worst["relative_error"] is Double)
  }

  @Test
  func aMovedReferenceFailsAndIsNamed() throws {
    let scratch = try TemporaryFolder()
    var file = try SafeTensorsFile(contentsOf: Self.fixture)
    let name = "grad.head.mnist.weight"
    let index = try #require(file.tensors.firstIndex { $0.name == name })
    let tensor = file.tensors[index]
    file.tensors[index] = .init(name: name, shape: tensor.shape, values: try tensor.floats().map { $0 * 1.001 })
    try Data(file.serialized()).write(to: URL(fileURLWithPath: scratch("moved.safetensors")))
    let outcome = try launch(["verify", "--reference", scratch("moved.safetensors"), "--precision", "f32", "--json"])
    #expect(outcome.exitCode == 1, "\(outcome)")
    let verdict = try outcome.json()
    #expect(verdict["passed"] as? Bool == false)
    #expect((verdict["worst"] as? [String: Any])?["name"] as? String == name, "\(outcome)")
    #expect(outcome.standardError.contains(name), "\(outcome)")
  }

  @Test(arguments: [1, 2, 3, 4], Machine.precisions)
  func theStepIsProvenWithoutAnyFile(ranks: Int, precision: String) throws {
    let outcome = try launch(
      ["verify", "--data", "synthetic", "--precision", precision, "--seed", "\(ranks)", "--json"]
        + TinyRun.network,
      ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    #expect(try outcome.json()["passed"] as? Bool == true)
  }

  @Test(arguments: Machine.precisions)
  func theStepIsProvenFromACheckpointsWeights(_ precision: String) throws {
    let run = try TinyRun.done()
    let outcome = try launch(
      ["verify", "--weights", run.checkpoint, "--data", "synthetic", "--precision", precision, "--json"],
      ranks: 2)
    #expect(outcome.succeeded, "\(outcome)")
    #expect(try outcome.json()["passed"] as? Bool == true)
  }
}
