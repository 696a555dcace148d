import Testing

@testable import Model

struct ProductPeakTests {
  @Test(arguments: Precision.allCases)
  func loopDoesTheOperationsThatItCounts(_ precision: Precision) {
    guard let one = ProductPeak(precision, threads: 1), let two = ProductPeak(precision, threads: 2) else {
      // Without AVX-512 nothing is known; then nothing is claimed for either number of threads.
      #expect(ProductPeak(precision, threads: 1) == nil && ProductPeak(precision, threads: 2) == nil)
      return
    }
    let clock = ContinuousClock()
    let operations = one.run()
    #expect(two.run() == 2 * operations && operations > 0)
    let seconds = (0..<5).map { _ in clock.measure { _ = one.run() } }.min()! / .seconds(1)
    // No core reaches 5 TFLOP/s without tiles: a loop that was optimised away would.
    #expect(Double(operations) / seconds < 5e12, "\(one.instruction)")
  }

  /// Fails under `make sanitize` alone, where one loop writes what is another's: the counts do not depend on it.
  @Test func loopsAtTheSameTimeKeepToTheirOwnMemory() async {
    guard let peak = ProductPeak(.f32, threads: 1) else { return }
    let counts = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 { group.addTask { peak.run() } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts.count == 4 && Set(counts).count == 1 && counts[0] > 0)
  }
}
