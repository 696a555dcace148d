import Testing

@testable import Model

struct WeightAverageTests {
  /// (1 + t) / (10 + t) at first: 2/11, 3/12, 4/13, ...
  @Test func theFirstStepsCountForMore() {
    let average = WeightAverage(decay: 0.5)
    let expected = [9.0 / 11, 9.0 / 12, 9.0 / 13, 9.0 / 14, 9.0 / 15, 9.0 / 16, 9.0 / 17, 0.5, 0.5]
    for (index, share) in expected.enumerated() { #expect(abs(average.share(step: index + 1) - share) < 1e-12) }
  }

  @Test func everyValueMovesByItsShare() {
    let count = 10_007
    let (values, average) = (
      AlignedBuffer<Float>(repeating: 0, count: count), AlignedBuffer<Float>(repeating: 0, count: count)
    )
    let weights = (0..<count).map { Float($0 - 5_000) }
    let before = (0..<count).map { Float($0 % 7) }
    values.copy(weights)
    average.copy(before)
    let update = WeightAverage(decay: 0.75)
    // From step 26 on the decay is 0.75: a share of 1/4 is exact.
    update.update(average, weights: values, step: 100)
    let expected = zip(before, weights).map { old, new in old + (new - old) * 0.25 }
    #expect(average.array() == expected)
  }
}
