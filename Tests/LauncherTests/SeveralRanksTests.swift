import Foundation
import Glibc
import TestSupport
import Testing

/// Several ranks: one voice, one end.
@Suite(.serialized)
struct SeveralRanksTests {
  @Test
  func wrongUsageIsSaidOnce() throws {
    let outcome = try launch(["--no-such-flag"], ranks: 4)
    #expect(outcome.exitCode == 64 && outcome.mentions("Unknown option") == 1, "\(outcome)")
  }

  /// mpirun ends rank 0 when another rank fails first: the others must give it time to say why.
  @Test
  func wrongUsageIsSaidByARankZeroThatComesLate() throws {
    let launcher = MPIRun.builtProducts + "/launcher"
    let late = ["-c", "sleep 0.7; exec \(launcher) --no-such-flag", ":", "-n", "3", launcher, "--no-such-flag"]
    let outcome = try MPIRun("/bin/sh", late, ranks: 1).run()
    #expect(outcome.exitCode == 64 && outcome.mentions("Unknown option") == 1, "\(outcome)")
  }

  @Test
  func whatAllRanksMissIsSaidOnce() throws {
    let outcome = try launch(["--data", "/no/such/folder"], ranks: 4)
    #expect(outcome.exitCode == 66 && outcome.mentions("launcher: /no/such/folder") == 1, "\(outcome)")
  }

  @Test
  func aRankWithoutDataIsNamed() throws {
    let (full, empty) = (try TemporaryFolder(), try TemporaryFolder())
    try Pictures.write(to: full("data"))
    let options = ["--data", "./data", "--epochs", "1"]
    let second = [":", "-n", "1", "-wdir", empty.path, MPIRun.builtProducts + "/launcher"]
    let outcome = try launch(options + second + options, ranks: 1, folder: full.path)
    #expect(outcome.exitCode == 66 && outcome.mentions("launcher: ") == 1, "\(outcome)")
    #expect(outcome.standardError.contains("launcher: rank 1 of 2 on "), "\(outcome)")
  }

  @Test
  func ranksWithOtherPicturesAreRefused() throws {
    let (full, empty) = (try TemporaryFolder(), try TemporaryFolder())
    try Pictures.write(to: full("data"))
    let second = [":", "-n", "1", "-wdir", empty.path, MPIRun.builtProducts + "/launcher", "--epochs", "1"]
    let outcome = try launch(["--epochs", "1"] + second, ranks: 1, folder: full.path)
    #expect(outcome.exitCode == 71 && outcome.standardError.contains("rank 1 loaded other pictures"), "\(outcome)")
  }

  @Test
  func rankZeroDecidesForAll() throws {
    let scratch = try TemporaryFolder()
    let other = ["--epochs", "9", "--seed", "5", "--base-channels", "8", "--data", "/no/such/folder"]
    let second = [":", "-n", "1", MPIRun.builtProducts + "/launcher"] + other
    let options = TinyRun.options + ["--output", scratch("run"), "--json"]
    let outcome = try launch(options + second, ranks: 1)
    #expect(outcome.succeeded, "\(outcome)")
    let alike = try launch(TinyRun.options + ["--output", scratch("alike"), "--json"], ranks: 2)
    #expect(alike.succeeded && outcome.standardOutput == alike.standardOutput, "\(outcome)\(alike)")
    #expect(try scratch.bytes("run/best.safetensors") == scratch.bytes("alike/best.safetensors"))
  }

  @Test(arguments: [1, 2, 3])
  func theReductionBenchmarkGivesBusBandwidths(ranks: Int) throws {
    let outcome = try launch(
      ["benchmark", "allreduce", "--bytes", "4000", "--bytes", "262144", "--repetitions", "3", "--json"], ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    let result = try outcome.json()
    let rows = try #require(result["rows"] as? [[String: Any]])
    #expect(rows.map { $0["bytes"] as? Int } == [4000, 262_144] && result["ranks"] as? Int == ranks)
    for row in rows {
      let timings = try #require(row["timings"] as? [[String: Any]])
      #expect(timings.map { $0["method"] as? String } == ["allreduce", "step", "buckets", "buckets_bf16"])
      for timing in timings {
        let (bytes, median) = (try #require(row["bytes"] as? Int), try #require(timing["us_median"] as? Double))
        let (algorithm, bus) = (timing["algbw_gb_s"] as? Double, timing["busbw_gb_s"] as? Double)
        #expect(try abs(#require(algorithm) * median / 1e3 / (Double(bytes) / 1e6) - 1) < 1e-9)
        #expect(try abs(#require(bus) - #require(algorithm) * 2 * Double(ranks - 1) / Double(ranks)) < 1e-9)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4])
  func theEvaluationBenchmarkCountsTheImagesOfAllRanks(ranks: Int) throws {
    let outcome = try launch(
      [
        "benchmark", "evaluate", "--batches", "3", "--warm-up", "1", "--data", "synthetic", "--precision", "f32",
        "--json",
      ] + TinyRun.network, ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    let result = try outcome.json()
    func number(_ name: String) throws -> Double { try #require(result[name] as? Double, "\(name): \(outcome)") }
    #expect(result["batches"] as? Int == 3 && result["ranks"] as? Int == ranks, "\(outcome)")
    let (median, seconds) = (try number("images_per_s_median"), try number("ms_per_batch_median") / 1000)
    #expect(try abs(median * seconds / (number("batch") * Double(ranks)) - 1) < 1e-9)
    #expect(try number("images_per_s_max") >= median && number("gflops") > 0 && number("resident_mib") > 1)
    let phases = try #require(result["phases"] as? [String: Double])
    #expect(Set(phases.keys) == ["data", "forward", "errors"] && phases.values.allSatisfy { $0 > 0 }, "\(phases)")
  }

  @Test
  func theWireAndTheSizeOfBucketsAreWrittenDown() throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      ["train"] + TinyRun.options + ["--wire", "bf16", "--bucket-bytes", "2048", "--output", scratch("run"), "--json"],
      ranks: 2)
    #expect(outcome.succeeded, "\(outcome)")
    let written = try String(contentsOfFile: scratch("run/config.yaml"), encoding: .utf8)
    #expect(written.contains("wire: \"bf16\"") && written.contains("bucket-bytes: 2048"), "\(written)")
  }

  @Test
  func theEvaluationIsTheSameOnAnyNumberOfRanks() throws {
    let run = try TinyRun.done()
    for ranks in 1...4 {
      let outcome = try launch(
        ["evaluate", "--weights", run.weights, "--data", "synthetic", "--precision", "f32", "--json"]
          + TinyRun.evaluation, ranks: ranks)
      #expect(outcome.succeeded && outcome.standardOutput == run.outcome.standardOutput, "\(outcome)")
    }
  }

  @Test
  func aFailureOfOneRankEndsTheJob() throws {
    let outcome = try launch(TinyRun.options + ["--output", "/proc/no-such-folder"], ranks: 3)
    #expect(outcome.exitCode == 74 && outcome.mentions("launcher: ") == 1, "\(outcome)")
    #expect(outcome.standardError.contains("launcher: rank 0 of 3 on "), "\(outcome)")
  }

  /// A run that lasts until it is ended.
  private static func endless(_ output: String) -> [String] {
    TinyRun.network + [
      "--recipe", "notebook", "--data", "synthetic", "--epochs", "1000", "--steps-per-epoch", "200",
      "--validation-steps", "1", "--rounds", "0",
      "--checkpoint-every", "5", "--output", output, "--json",
    ]
  }

  @Test(arguments: [nil, 2])
  func aRequestStopsWithACheckpointAndTheRunGoesOn(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.endless(scratch("run")), ranks: ranks).start()
    let hasCheckpoint = running.waits { _ in (try? scratch.names(in: "run/checkpoints").isEmpty) == false }
    running.signal(SIGUSR1)
    let outcome = running.wait()
    #expect(hasCheckpoint && outcome.exitCode == 75, "\(outcome)")
    let summary = try outcome.json()
    let steps = try #require(summary["steps"] as? Int)
    #expect(summary["stopped_on_request"] as? Bool == true && steps > 0)

    let epochs = steps / 200 + 1
    let more = try launch(Self.endless(scratch("run")) + ["--epochs", "\(epochs)"], ranks: ranks)
    #expect(more.succeeded && more.standardError.contains("step \(steps),"), "\(more)")
    #expect(try more.json()["steps"] as? Int == epochs * 200)
  }

  @Test
  func aKilledRankEndsTheJob() throws {
    let scratch = try TemporaryFolder()
    let running = try launcher(Self.endless(scratch("run")), ranks: 2).start()
    let isTraining = running.waits { _ in (try? scratch.names(in: "run/checkpoints").isEmpty) == false }
    let victim = try #require(running.process(ofRank: 1))
    let start = ContinuousClock.now
    kill(victim, SIGKILL)
    let outcome = running.wait()
    #expect(isTraining && !outcome.timedOut && outcome.exitCode != 0, "\(outcome)")
    #expect(start.duration(to: .now) < .seconds(20), "\(outcome)")
  }
}
