import Model
import TestSupport
import Testing

@testable import Training

struct NumbersTests {
  @Test(arguments: 0..<40, 1..<9)
  func slicesDealEveryPairOnceInRankOrder(batch: Int, size: Int) {
    let slices = (0..<size).map { TrainingStep.slice(of: batch, rank: $0, size: size) }
    #expect(slices.flatMap { Array($0) } == Array(0..<batch))
    #expect(slices.map(\.count) == slices.map(\.count).sorted(by: >))
    #expect((slices.first?.count ?? 0) - (slices.last?.count ?? 0) <= 1)
  }

  @Test
  func everyNonFiniteValueIsFoundAndNoOther() {
    let buffer = AlignedBuffer<Float>(repeating: 0, count: 67)
    let finite: [Float] = [0, -0.0, 1, -1, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude]
    for value in finite {
      for place in 0..<67 { unsafe buffer.elements[place] = value }
      #expect(unsafe !holdsNonFinite(buffer.elements), "\(value)")
    }
    for value in [Float.infinity, -.infinity, .nan, -.nan, .signalingNaN] {
      for place in 0..<67 {
        let old = unsafe buffer.elements[place]
        unsafe buffer.elements[place] = value
        #expect(unsafe holdsNonFinite(buffer.elements), "\(value) at \(place)")
        unsafe buffer.elements[place] = old
      }
    }
    #expect(unsafe !holdsNonFinite(buffer.elements(5..<5)))
  }

  @Test
  func projectionKeepsTheMixtureAndClamps() {
    let inside = project(first: 0.25, second: 0.5, mixed: 0.5)
    #expect(inside.first == 0.375 && inside.second == 0.625)
    let outside = project(first: 1.5, second: 0, mixed: 0.5)
    #expect(outside.first == 1 && outside.second == 0)
  }

  @Test
  func projectionOfAnExactMixtureIsNeverWorse() {
    var numbers = SplitMix(state: 3)
    for _ in 0..<2000 {
      let (a, b) = (Double.random(in: 0...1, using: &numbers), Double.random(in: 0...1, using: &numbers))
      let (p, q) = (Double.random(in: -0.5...1.5, using: &numbers), Double.random(in: -0.5...1.5, using: &numbers))
      let moved = project(first: p, second: q, mixed: (a + b) / 2)
      let before = (p - a) * (p - a) + (q - b) * (q - b)
      let after = (moved.first - a) * (moved.first - a) + (moved.second - b) * (moved.second - b)
      #expect(after <= before + 1e-12)
    }
  }

  @Test
  func theSpreadDividesByTheNumberOfRounds() {
    let spread = Evaluator.spread([1, 2, 3, 6])
    #expect(spread.mseMean == 3)
    #expect(spread.mseStd == 3.5.squareRoot())
    #expect(Evaluator.spread([0.25]) == .init(mseMean: 0.25, mseStd: 0))
  }

  @Test
  func medians() {
    #expect(StepBenchmark.median([3, 1, 2]) == 2)
    #expect(StepBenchmark.median([4, 1, 2, 3]) == 2.5)
  }

  @Test
  func numbersReadWell() {
    #expect(decimal(1.005, places: 1) == "1.0")
    #expect(decimal(-0.04, places: 1) == "0.0")
    #expect(decimal(-12.34, places: 1) == "-12.3")
    #expect(decimal(0.05, places: 2) == "0.05")
    #expect(decimal(7.6, places: 0) == "8")
    #expect(decimal(.nan, places: 2) == "-")
    #expect(significant(0.00451234) == "0.004512")
    #expect(significant(123.456) == "123.5")
    #expect(significant(7.954220393637751e-06) == "7.954e-6" && significant(-0.000012345678) == "-0.00001235")
    #expect(
      significant(0.99999) == "1.000" && significant(9999.7) == "1.000e+4" && significant(9.99996e-7) == "1.000e-6")
    #expect(significant(99_999) == "1.000e+5" && significant(9.9994) == "9.999")
    #expect(significant(0) == "0")
    #expect(clockTime(59.6) == "1:00")
    #expect(clockTime(3723) == "1:02:03")
    #expect(clockTime(.infinity) == "-")
  }

  /// A sum that lacks a rank, or is nothing at all, is no sum.
  @Test(arguments: [2, 4, 16, 256, 1024])
  func aWrongSumIsOutsideTheTolerance(ranks: Int) {
    let expected = Float(ranks * (ranks + 1) / 2)
    for method in ReductionBenchmark.Method.allCases {
      let tolerance = expected * ReductionBenchmark.tolerance(method, ranks: ranks)
      #expect(tolerance < expected / 2)
      #expect(method == .bucketsBF16 || tolerance < 1, "\(method): \(tolerance)")
    }
  }
}
