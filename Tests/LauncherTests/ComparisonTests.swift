import Foundation
import TestSupport
import Testing

/// `launcher benchmark --compare`, with a line of shell in place of the peer.
@Suite(.serialized)
struct ComparisonTests {
  private func compare(_ peer: String, alternations: Int = 2, ranks: Int? = nil) throws -> MPIRun.Outcome {
    try launch(
      [
        "benchmark", "--compare", peer, "--alternations", "\(alternations)", "--steps", "2", "--warm-up", "1", "--data",
        "synthetic", "--threads", "1", "--json",
      ] + TinyRun.network, ranks: ranks)
  }

  /// Whatever surrounds the last line, and from rank 0 alone.
  @Test(arguments: [nil, 2])
  func peerAndLauncherRunInTurn(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    let log = scratch("runs")
    // The second run is faster than the first: 30 and 50 images a second.
    let peer = """
      echo run >> \(log); n=$(wc -l < \(log)); echo warming up; echo hidden >&2; \
      echo "{\\"peer\\": \\"stand-in\\", \\"images_per_s_median\\": $((10 + 20 * n)), \\"images_per_s_max\\": $((100 * n))}"; echo
      """
    let outcome = try compare(peer, ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")
    #expect(try String(contentsOfFile: log, encoding: .utf8) == "run\nrun\n")
    let result = try outcome.json()
    let (theirs, ours) = (try side(result, "peer"), try side(result, "unmix"))
    #expect(theirs.runs == [30, 50] && theirs.median == 40 && theirs.best == 200)
    #expect(ours.runs.count == 2 && ours.runs.allSatisfy { $0.isFinite && $0 > 0 })
    #expect(abs(ours.median / (ours.runs[0] + ours.runs[1]) - 0.5) < 1e-12 && ours.best >= ours.runs.max() ?? .infinity)
    // Numbers lose a last digit on their way through text.
    #expect(try abs(#require(result["ratio_of_medians"] as? Double) / (ours.median / 40) - 1) < 1e-12)
    #expect(try abs(#require(result["ratio_of_bests"] as? Double) / (ours.best / 200) - 1) < 1e-12)
    #expect(result["bests"] as? String == "steps")
    for key in ["load_at_start", "load_at_end"] { #expect(try #require(result[key] as? Double) >= 0) }
    #expect((result["last_step"] as? [String: Any])?["ranks"] as? Int == ranks ?? 1)
  }

  @Test
  func withoutABestStepTheBestRunsAreCompared() throws {
    let outcome = try compare("echo '{\"images_per_s\": 12.5}'")
    #expect(outcome.succeeded, "\(outcome)")
    let result = try outcome.json()
    let (theirs, ours) = (try side(result, "peer"), try side(result, "unmix"))
    #expect(theirs.runs == [12.5, 12.5] && theirs.best == 12.5)
    #expect(result["bests"] as? String == "runs" && ours.best == ours.runs.max())
  }

  /// An own mpirun is the usual peer, and must not take itself for a part of this job.
  @Test
  func thePeerSeesNothingOfTheLauncherAndAllCores() throws {
    let scratch = try TemporaryFolder()
    let peer = """
      env | grep -E '^(OMPI|PMIX|PMI|ORTE|OPAL)_' > \(scratch("variables")); grep Cpus_allowed_list /proc/self/status > \
      \(scratch("cores")); echo '{"images_per_s": 1}'
      """
    let outcome = try compare(peer, alternations: 1, ranks: 2)
    #expect(outcome.succeeded, "\(outcome)")
    #expect(try String(contentsOfFile: scratch("variables"), encoding: .utf8).isEmpty)
    let own = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let cores = try String(contentsOfFile: scratch("cores"), encoding: .utf8)
    #expect(cores.hasPrefix("Cpus_allowed_list:") && own.contains(cores), "\(cores)")
  }

  @Test(arguments: [
    ("exit 3", "exit code 3"), ("kill -9 $$", "signal 9"), ("true", "printed nothing"), ("echo fast", "no JSON object"),
    ("echo '{\"images_per_s\": \"fast\"}'", "no JSON object"), ("echo '{\"images_per_s\": NaN}'", "no JSON object"),
    ("echo '{\"images_per_s\": 0}'", "make no sense"),
    ("echo '{\"images_per_s\": 2, \"images_per_s_max\": 1}'", "no sense"),
    ("echo '{\"images_per_s\": 2}'; exit 1", "exit code 1"),
  ])
  func aPeerWithoutAResultIsOneLine(_ peer: String, reason: String) throws {
    let outcome = try compare(peer)
    #expect(outcome.exitCode == 1 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(outcome.mentions("launcher: ") == 1 && outcome.mentions(reason) == 1, "\(outcome)")
  }

  @Test
  func aFailedPeerEndsAllRanksInOrder() throws {
    let outcome = try compare("sleep 0.3; exit 3", ranks: 2)
    #expect(outcome.exitCode == 1 && outcome.mentions("launcher: ") == 1, "\(outcome)")
    #expect(outcome.mentions("exit code 3") == 1 && outcome.mentions("MPI_ABORT") == 0, "\(outcome)")
  }

  @Test(arguments: [["--alternations", "3"], ["--compare", "true", "--exposed"]])
  func whatDoesNotGoTogetherIsWrongUsage(_ options: [String]) throws {
    #expect(try launch(["benchmark"] + options).exitCode == 64)
  }

  private func side(_ result: [String: Any], _ name: String) throws -> (runs: [Double], median: Double, best: Double) {
    let side = try #require(result[name] as? [String: Any])
    return (
      try #require(side["runs"] as? [Double]), try #require(side["images_per_s_median"] as? Double),
      try #require(side["images_per_s_best"] as? Double)
    )
  }
}
