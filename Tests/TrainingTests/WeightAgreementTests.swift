import Testing

@testable import Training

struct WeightAgreementTests {
  @Test(arguments: [
    ([7], 0), ([7, 7, 7], 0), ([7, 8], 1), ([7, 8, 8], 0), ([7, 7, 8], 2), ([7, 8, 7, 7], 1), ([8, 7, 9, 7], 0),
    ([7, 7, 8, 8], 2),
  ])
  func theRankNamedIsTheFirstThatDiffersFromMost(values: [Int64], rank: Int) {
    #expect(WeightAgreement.firstOdd(values) == rank)
  }
}
