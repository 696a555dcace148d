import Distributed
import Model
import TestSupport
import Testing

@testable import Training

struct WeightUpdateTests {
  @Test(arguments: [
    ([1, 1, 1, 1], 2, [0..<2, 2..<4]), ([5, 1, 1, 1], 2, [0..<1, 1..<4]), ([1, 9, 1], 3, [0..<1, 1..<2, 2..<3]),
    ([3, 3], 4, [0..<1, 1..<2, 2..<2, 2..<2]), ([], 2, [0..<0, 0..<0]), ([4, 2, 3], 1, [0..<3]),
    ([0, 0, 0], 2, [0..<3, 3..<3]),
  ])
  func theDearestShareIsAsCheapAsCanBe(costs: [Int], parts: Int, expected: [Range<Int>]) {
    #expect(contiguousShares(of: costs, parts: parts) == expected)
  }

  @Test func sharesOfThePublishedNetworkAreCompleteAndEven() {
    let costs = ParameterLayout(UNetConfiguration()).tensors.filter(Muon.isMatrix).map(Muon.cost)
    #expect(costs.count == 16)
    for parts in 1...40 {
      let shares = contiguousShares(of: costs, parts: parts)
      #expect(shares.count == parts && shares.flatMap(Array.init) == Array(costs.indices))
      let dearest = shares.map { costs[$0].reduce(0, +) }.max() ?? 0
      let all = costs.reduce(0, +)
      #expect(dearest >= max(all / parts, costs.max() ?? 0) && dearest < all / parts + (costs.max() ?? 0))
    }
  }
}
