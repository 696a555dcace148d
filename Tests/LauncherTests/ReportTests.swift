import Foundation
import TestSupport
import Testing

/// The shapes of what commands print with `--json`.
struct ReportTests {
  private static let evaluationKeys: Set = [
    "mse_mean", "mse_std", "rounds", "mse_by_source", "psnr_db", "standard_error", "projected", "pairs", "seed",
    "split",
    "precision", "data",
  ]

  @Test
  func trainingEndsWithTheEvaluation() throws {
    let run = try TinyRun.done()
    let evaluation = try run.outcome.json()
    #expect(Set(evaluation.keys) == Self.evaluationKeys)
    #expect(evaluation["data"] as? String == "synthetic" && evaluation["pairs"] as? Int == 60)
    #expect((evaluation["rounds"] as? [Double])?.count == 2)
    #expect(run.outcome.standardOutput.split(separator: "\n").count == 1)
    #expect(run.outcome.mentions("synthetic") > 0)
  }

  @Test
  func aRunFolderIsComplete() throws {
    let run = try TinyRun.done()
    let names = try run.scratch.names(in: "run")
    let expected: Set = [
      "config.yaml", "metrics.csv", "checkpoints", "best.safetensors", "evaluation.json", "samples.png",
      "samples.safetensors", "report.html", "log.txt",
    ]
    #expect(names.isSuperset(of: expected), "\(names)")
  }

  @Test
  func evaluatingTheBestWeightsGivesTheRunsOwnResult() throws {
    let run = try TinyRun.done()
    let outcome = try launch(
      ["evaluate", "--weights", run.weights, "--data", "synthetic", "--precision", "f32", "--json"] + TinyRun.evaluation
    )
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == run.outcome.standardOutput)
  }

  @Test
  func theOtherSplitIsOtherPictures() throws {
    let run = try TinyRun.done()
    let outcome = try launch(
      ["evaluate", "--weights", run.checkpoint, "--data", "synthetic", "--precision", "f32", "--json", "--split"]
        + ["validation"] + TinyRun.evaluation)
    let (validation, test) = (try outcome.json(), try run.outcome.json())
    #expect(validation["split"] as? String == "validation" && test["split"] as? String == "test")
    #expect(validation["rounds"] as? [Double] != test["rounds"] as? [Double])
  }

  @Test
  func theTextNamesTheResult() throws {
    let run = try TinyRun.done()
    let outcome = try launch(
      ["evaluate", "--weights", run.weights, "--data", "synthetic", "--precision", "f32"] + TinyRun.evaluation)
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput.contains("mse") && outcome.standardOutput.contains("synthetic"), "\(outcome)")
  }

  @Test
  func weightsOfOtherSourcesAreRefused() throws {
    let run = try TinyRun.done()
    let (scratch, pictures) = (try TemporaryFolder(), try TemporaryFolder())
    try Pictures.write(to: pictures.path)
    let outcome = try launch(
      ["evaluate", "--weights", run.weights, "--sources", "a=\(pictures("mnist")),b=\(pictures("fashion-mnist"))"],
      folder: scratch.path)
    #expect(outcome.exitCode == 64 && outcome.standardError.contains("mnist and fashion"), "\(outcome)")
  }

  @Test
  func theBenchmarkGivesItsParts() throws {
    let outcome = try launch(
      ["benchmark", "step", "--steps", "2", "--warm-up", "1", "--data", "synthetic", "--json"] + TinyRun.network)
    #expect(outcome.succeeded, "\(outcome)")
    let result = try outcome.json()
    let parts = try #require(result["phases"] as? [String: Double])
    #expect(Set(parts.keys) == ["data", "forward", "loss", "backward", "reduction", "update"])
    let (median, most) = (result["images_per_s_median"] as? Double, result["images_per_s_max"] as? Double)
    #expect(try #require(median) > 0 && #require(most) >= #require(median))
    let milliseconds = try #require(result["ms_per_step_median"] as? Double)
    #expect(try abs(#require(median) * milliseconds / 1000 - 32) < 1e-6)
  }

  @Test(arguments: [nil, 2])
  func theBenchmarkTellsWorkFromWaiting(ranks: Int?) throws {
    let outcome = try launch(
      ["benchmark", "--steps", "2", "--warm-up", "1", "--data", "synthetic", "--threads", "1", "--json"]
        + TinyRun.network, ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    let stragglers = try #require(try outcome.json()["stragglers"] as? [String: Any])
    #expect(stragglers["steps"] as? Int == 2 && (0..<(ranks ?? 1)).contains(stragglers["slowest_rank"] as? Int ?? -1))
    let work = try #require(stragglers["work_ms"] as? [String: [String: Double]])
    let waiting = try #require(stragglers["waiting_ms"] as? [String: [String: Double]])
    #expect(Set(work.keys) == ["data", "forward", "loss", "backward", "reduction", "update"])
    #expect(Set(waiting.keys) == ["statistics", "gradients"])
    for spread in Array(work.values) + Array(waiting.values) {
      let (least, median, most) = (spread["min"], spread["median"], spread["max"])
      #expect(try #require(least) >= 0 && #require(median) >= #require(least) && #require(most) >= #require(median))
    }
  }

  @Test
  func infoTellsOfEveryRank() throws {
    let outcome = try launch(["info", "--threads", "3", "--data", "/no/such/folder", "--json"])
    #expect(outcome.succeeded, "\(outcome)")
    let info = try outcome.json()
    #expect((info["ranks"] as? [[String: Any]])?.count == 1 && info["threads_per_rank"] as? Int == 3)
    for key in ["mpi", "onednn", "instruction_set", "precision", "version"] {
      #expect((info[key] as? String)?.isEmpty == false, "\(key)")
    }
    #expect(info["mpi"] as? String != "unknown MPI library")
    #expect((info["data"] as? [String: Any])?.keys.sorted() == ["fashion", "mnist"])
    let libraries = try #require(info["libraries"] as? [[String: String]])
    #expect(libraries.map { $0["name"] } == ["MPI", "oneDNN", "libpng", "zlib", "libcurl", "libhdf5"])
    // The tests run where the program was built: the same packages, so the same versions.
    for library in libraries {
      let built = try #require(library["built"]?.split(separator: " ").last)
      #expect(library["running"]?.hasSuffix(built) == true, "\(library)")
    }
  }

  @Test(arguments: [
    (["--data", "synthetic"], "synthetic"), (["--sources", "a=/usr,b=/no/such"], "a /usr, b /no/such (no folder)"),
  ])
  func infoSaysWhichOtherPicturesItWouldTake(arguments: [String], words: String) throws {
    let outcome = try launch(["info"] + arguments, environment: ["UNMIX_DATA": "/no/such/folder"])
    #expect(outcome.succeeded && outcome.standardOutput.contains(words), "\(outcome)")
    #expect(!outcome.standardOutput.contains("mnist"), "\(outcome)")
  }

  @Test(arguments: [(["--data", "/no/such/folder"], ""), ([], "/no/such/folder")])
  func infoSaysWherePicturesAreMissing(arguments: [String], variable: String) throws {
    let outcome = try launch(["info"] + arguments, environment: ["UNMIX_DATA": variable])
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput.contains("mnist not found in /no/such/folder, fashion not found in"), "\(outcome)")
  }
}
