import Foundation
import TestSupport
import Testing

/// `launcher checkpoint`.
struct CheckpointCommandTests {
  private let scratch: TemporaryFolder
  private let run: TinyRun.Result

  init() throws {
    scratch = try TemporaryFolder()
    run = try TinyRun.done()
    try FileManager.default.copyItem(atPath: run.folder + "/checkpoints", toPath: scratch("checkpoints"))
  }

  private var newest: String { scratch("checkpoints/step-0000000006.safetensors") }

  /// Turns a bit of the newest checkpoint's last tensor, Adam's second moments.
  private func damage() throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: newest))
    bytes[bytes.count - 10] ^= 4
    try bytes.write(to: URL(fileURLWithPath: newest))
  }

  private func checkpoints(_ outcome: MPIRun.Outcome) throws -> [[String: Any]] {
    try #require(try outcome.json()["checkpoints"] as? [[String: Any]], "\(outcome)")
  }

  @Test(arguments: [nil, 2])
  func aListHasALineForEachCheckpoint(ranks: Int?) throws {
    let outcome = try launch(["checkpoint", "list", scratch.path], ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    let lines = outcome.standardOutput.split(separator: "\n")
    try #require(lines.count == 2, "\(outcome)")
    #expect(lines[0].contains("step-0000000003.safetensors  step 3  epochs 1  20") && lines[0].hasSuffix(" KiB  good"))
    #expect(lines[1].contains("step 6  epochs 2  "), "\(outcome)")
  }

  @Test
  func aListNamesTheDamagedOne() throws {
    try damage()
    let outcome = try launch(["checkpoint", "list", scratch("checkpoints"), "--json"])
    #expect(outcome.succeeded, "\(outcome)")
    let entries = try checkpoints(outcome)
    #expect(entries.map { $0["good"] as? Bool } == [true, false] && entries[0]["step"] as? Int == 3)
    #expect((entries[1]["problem"] as? String)?.contains("adam.second_moments") == true, "\(outcome)")
    let text = try launch(["checkpoint", "list", scratch.path])
    #expect(text.standardOutput.contains("damaged checkpoint: the SHA-256 of tensor adam.second_moments"), "\(text)")
  }

  @Test
  func verifyingGoodOnesIsDone() throws {
    for path in [newest, scratch.path, run.folder] {
      let outcome = try launch(["checkpoint", "verify", path])
      #expect(outcome.succeeded && outcome.standardOutput.contains("step-0000000006.safetensors: good, "), "\(outcome)")
    }
  }

  @Test
  func verifyingADamagedOneNamesTheTensor() throws {
    try damage()
    let outcome = try launch(["checkpoint", "verify", newest])
    #expect(outcome.exitCode == 65 && outcome.standardOutput.contains("damaged: adam.second_moments"), "\(outcome)")
    let json = try launch(["checkpoint", "verify", scratch.path, "--json"])
    #expect(json.exitCode == 65, "\(json)")
    #expect(try json.json()["good"] as? Bool == false)
    let entries = try checkpoints(json)
    #expect(entries.map { $0["damaged_tensors"] as? [String] } == [[], ["adam.second_moments"]], "\(json)")
  }

  @Test
  func aTruncatedOneIsDamaged() throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: newest))
    try bytes.prefix(bytes.count - 100).write(to: URL(fileURLWithPath: newest))
    let outcome = try launch(["checkpoint", "verify", newest])
    #expect(outcome.exitCode == 65 && outcome.standardOutput.contains("truncated checkpoint"), "\(outcome)")
  }

  @Test(arguments: ["list", "show", "verify"])
  func whatIsMissingIsSaid(command: String) throws {
    let empty = try TemporaryFolder()
    for path in [empty("none"), empty.path] {
      let outcome = try launch(["checkpoint", command, path])
      #expect(outcome.exitCode == 66 && outcome.standardError.contains("no such checkpoint"), "\(outcome)")
    }
  }

  @Test
  func showSaysWhatTheNewestGoodOneHolds() throws {
    let outcome = try launch(["checkpoint", "show", scratch.path])
    for text in [
      "version 2", "6, 0 of 3 in its epoch", "2 complete of 2", "4 base channels", "synthetic", "1 of 1 thread",
    ] {
      #expect(outcome.succeeded && outcome.standardOutput.contains(text), "\(text): \(outcome)")
    }
    try damage()
    let json = try launch(["checkpoint", "show", scratch.path, "--json"])
    let report = try json.json()
    #expect((report["state"] as? [String: Any])?["step"] as? Int == 3, "\(json)")
    #expect(Set(report.keys) == ["path", "version", "configuration", "state", "plan", "data", "data_fingerprint"])
    #expect(try launch(["checkpoint", "show", newest]).exitCode == 65)
  }
}
