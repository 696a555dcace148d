import TestSupport
import Testing

@testable import Model

/// The model of a rounding program against real roundings.
struct OracleRoundingTests {
  private func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var generator = SplitMix(state: seed)
    return (0..<count).map { _ in Double.random(in: -1...1, using: &generator) }
  }

  @Test(arguments: [(Precision.f32, 0x1p-23), (.bf16, 0x1p-7)])
  func storedValuesAreThoseOfThePrecisionAndRightOnAverage(_ precision: Precision, _ unit: Double) {
    let exact = numbers(20_000, seed: 1)
    var rounding = OracleRounding(precision, draw: 0)
    var stored = exact
    rounding.store(&stored)
    var bias = 0.0
    for (a, b) in zip(stored, exact) {
      let mantissa = a.significand / unit
      #expect(mantissa == mantissa.rounded() && abs(a - b) < unit * abs(b) && a * b >= 0)
      bias += (a - b) / b
    }
    // A stochastic rounding's deviation is below unit / 2: five standard errors of the mean.
    #expect(abs(bias) / Double(exact.count) < 5 * unit / 2 / Double(exact.count).squareRoot())
    var again = stored
    rounding.store(&again)
    #expect(again == stored, "what can be stored changes no more")
  }

  @Test func zerosInfinitiesAndNotANumberStay() {
    var values = [0, -0.0, .infinity, -.infinity, .nan]
    var rounding = OracleRounding(.bf16, draw: 3)
    rounding.store(&values)
    #expect(values.prefix(4) == [0, 0, .infinity, -.infinity] && values[4].isNaN)
  }

  @Test func equalValuesStayEqualAndDrawsDiffer() {
    let exact = numbers(1_000, seed: 2)
    func stored(_ draw: UInt64) -> [Double] {
      var rounding = OracleRounding(.bf16, draw: draw)
      var values = exact + exact
      rounding.store(&values)
      return values
    }
    #expect(stored(0).prefix(1_000) == stored(0).suffix(1_000))
    #expect(stored(0) == stored(0) && stored(0) != stored(1))
  }
}
