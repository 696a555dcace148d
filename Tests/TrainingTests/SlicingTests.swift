import Testing

@testable import Training

struct SlicingTests {
  @Test(arguments: [1, 2, 3, 5])
  func withoutAFixedNumberEachRankHasOneSlice(ranks: Int) {
    let slicing = Slicing(of: 9, fixed: nil, ranks: ranks)
    #expect(slicing.slices.count == ranks && slicing.perRank == 1)
    for rank in 0..<ranks {
      #expect(slicing.pairs(ofRank: rank) == TrainingStep.slice(of: 9, rank: rank, size: ranks))
      #expect(Array(slicing.slices(ofRank: rank)) == [slicing.pairs(ofRank: rank)])
    }
  }

  @Test(arguments: [1, 2, 4, 8], [0, 1, 2, 9, 32])
  func aFixedNumberOfSlicesIsTheSameOnAnyNumberOfRanks(ranks: Int, batch: Int) {
    let slicing = Slicing(of: batch, fixed: 8, ranks: ranks)
    #expect(slicing.slices == Slicing(of: batch, fixed: 8, ranks: 1).slices)
    #expect((0..<ranks).flatMap { slicing.slices(ofRank: $0) } == slicing.slices)
    #expect((0..<ranks).flatMap { slicing.pairs(ofRank: $0) } == Array(0..<batch))
  }

  @Test(arguments: [
    (3, 1, ["3"]), (0, 1, ["0"]), (-4, 1, ["-4"]), (4, 3, ["4", "3"]), (4, 8, ["4", "8"]), (2, 3, ["2", "3"]),
    (8, 6, ["8", "6"]),
  ])
  func whatCannotBeDealtIsSaidWithBothNumbers(fixed: Int, ranks: Int, numbers: [String]) throws {
    let problem = try #require(Slicing.problem(fixed: fixed, ranks: ranks))
    for number in numbers { #expect(problem.contains(number)) }
    var configuration = RunConfiguration()
    configuration.slices = fixed
    let decided = configuration
    let error = try #require(throws: RunError.self) { try Self.check(decided, ranks: ranks) }
    #expect(error.category == .usage && "\(error)".hasPrefix("--slices: "))
  }

  @Test
  func sharesAreDealtInRankOrder() {
    let slicing = Slicing(of: 9, fixed: nil, shares: [5, 0, 4], ranks: 3)
    #expect(slicing.slices == [0..<5, 5..<5, 5..<9] && slicing.perRank == 1)
    #expect(slicing.pairs(ofRank: 2) == 5..<9)
  }

  @Test(arguments: [
    // Three times the speed, three times the pairs.
    (32, [1.0, 3.0], [24, 8]), (32, [2.0, 1.0, 1.0], [6, 13, 13]), (9, [1, 1, 1, 1], [3, 2, 2, 2]),
    (1, [1, 1], [1, 0]),
    // A rank that is far too slow still gets a pair, but not where there are too few.
    (8, [1, 1000], [7, 1]), (2, [1000, 1, 1], [0, 1, 1]), (5, [7], [5]),
  ])
  func theLastRankEndsAsEarlyAsItCan(batch: Int, seconds: [Double], shares: [Int]) {
    #expect(SpeedBalance.shares(of: batch, secondsPerPair: seconds) == shares)
  }

  @Test
  func fixedSlicesAreDealtEvenly() throws {
    var configuration = RunConfiguration()
    (configuration.slices, configuration.balance) = (4, .speed)
    let decided = configuration
    let error = try #require(throws: RunError.self) { try decided.check() }
    #expect(error.category == .usage && "\(error)".contains("--balance speed"), "\(error)")
  }

  private static func check(_ configuration: RunConfiguration, ranks: Int) throws {
    try configuration.check()
    try configuration.check(ranks: ranks)
  }

  @Test
  func whatCanBeDealtIsNoProblem() {
    for ranks in 1...7 { #expect(Slicing.problem(fixed: nil, ranks: ranks) == nil) }
    for ranks in [1, 2, 4] { #expect(Slicing.problem(fixed: 4, ranks: ranks) == nil) }
  }
}
