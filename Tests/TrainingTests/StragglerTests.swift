import Testing

@testable import Training

/// Putting the ranks' times together.
struct StragglerTests {
  /// Three ranks with rank-dependent times of every part: 10 i + r milliseconds of part i, and rank 1's forward far more.
  private static let times = (0..<3).flatMap { rank in
    StepBenchmark.OwnTimes.names.indices.map { rank == 1 && $0 == 1 ? 500 : Double(10 * $0 + rank) }
  }

  @Test
  func everyPartHasLeastMedianAndMost() throws {
    let result = StepBenchmark.OwnTimes.stragglers(of: Self.times, steps: 4)
    #expect(result.steps == 4 && result.slowestRank == 1)
    #expect(Set(result.workMilliseconds.keys) == ["data", "forward", "loss", "backward", "reduction", "update"])
    #expect(Set(result.waitingMilliseconds.keys) == ["statistics", "gradients"])
    #expect(result.workMilliseconds["forward"] == StepBenchmark.Spread([10, 500, 12]))
    #expect(result.workMilliseconds["backward"] == StepBenchmark.Spread([30, 31, 32]))
    #expect(result.waitingMilliseconds["gradients"] == StepBenchmark.Spread([70, 71, 72]))
    let spread = StepBenchmark.Spread([10, 500, 12])
    #expect(spread.min == 10 && spread.median == 12 && spread.max == 500)
  }

  @Test
  func timeSpentInMessagesAndWaitingMakesNobodySlow() {
    var times = Self.times
    let names = StepBenchmark.OwnTimes.names
    for index in names.indices where ["reduction", "statistics", "gradients"].contains(names[index]) {
      times[2 * names.count + index] = 9000
    }
    #expect(StepBenchmark.OwnTimes.stragglers(of: times, steps: 1).slowestRank == 1)
  }
}
