import Testing

@testable import Distributed

/// Who is named where a job does not move.
struct StallVerdictTests {
  private func rank(
    _ rank: Int, on host: String = "a", step: Int = 7, _ phase: RankPhase = .backward, _ collective: Int = 50,
    _ kind: CollectiveKind? = .allReduce, silence: Double = 0.5
  ) -> StallVerdict.Observation {
    StallVerdict.Observation(
      rank: rank, host: host,
      status: RankStatus(step: step, phase: phase, collective: collective, kind: kind, idleMilliseconds: 61_000),
      silence: silence)
  }

  private func line(_ observations: [StallVerdict.Observation]) -> String {
    StallVerdict(observations: observations, silenceLimit: 10).line(idle: 61.7, step: 7)
  }

  @Test
  func aSilentRankIsNamedWithItsHostPhaseAndCollective() {
    let text = line([rank(0), rank(1), rank(2, on: "node7", .forward, 48, silence: 58.2), rank(3, on: "b")])
    #expect(
      text
        == "no progress for 61 s after step 7: rank 2 on node7 not heard of for 58 s (last after step 7, forward, in "
        + "collective 48 (allreduce)); ranks 0-1, 3 on a, b wait in collective 50 (allreduce)")
  }

  @Test
  func aRankThatNeverSpokeIsNamed() {
    let silent = StallVerdict.Observation(rank: 1, host: "b", status: nil, silence: 61)
    #expect(
      line([rank(0), silent])
        == "no progress for 61 s after step 7: rank 1 on b was never heard of; rank 0 on a waits in "
        + "collective 50 (allreduce)")
  }

  @Test
  func aRankInNoCollectiveIsTheOneThatTheOthersWaitFor() {
    let text = line([rank(0), rank(1, on: "b", .makingPairs, 49, nil), rank(2)])
    #expect(
      text
        == "no progress for 61 s after step 7: rank 1 on b is stuck in making pairs, in no collective since number 49; "
        + "ranks 0, 2 on a wait in collective 50 (allreduce)")
  }

  @Test
  func ranksInDifferentCollectivesDisagree() {
    let text = line([rank(0), rank(1, .forward, 49, .broadcast), rank(2)])
    #expect(
      text == "no progress for 61 s after step 7: the ranks disagree: rank 1 on a waits in collective 49 (broadcast); "
        + "ranks 0, 2 on a wait in collective 50 (allreduce); --check-collectives names the first such collective")
  }

  @Test
  func whereAllWaitForTheSameNobodyIsBlamed() {
    #expect(
      line([rank(0), rank(1, on: "b")]) == "no progress for 61 s after step 7: no rank is missing, and all wait, so "
        + "messages do not arrive: ranks 0-1 on a, b wait in collective 50 (allreduce)")
  }

  @Test
  func listsOfRanksAreShort() {
    #expect(StallVerdict.rankList([5]) == "rank 5")
    #expect(StallVerdict.rankList([3, 1, 0, 2, 7, 9, 8]) == "ranks 0-3, 7-9")
    #expect(line((0..<12).map { rank($0, on: "n\($0)") }).contains("ranks 0-11 on 12 hosts wait"))
  }
}
