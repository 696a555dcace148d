import TestSupport
import Testing

@testable import Model

struct InitializersTests {
  private func initial(_ layout: ParameterLayout, seed: UInt64) -> [Float] {
    let values = AlignedBuffer<Float>(repeating: .nan, count: layout.count)
    var generator = SplitMix(state: seed)
    initializeWeights(values, layout: layout, using: &generator)
    return values.array()
  }

  @Test func kernelsFillTheGlorotRangeEvenly() {
    let layout = ParameterLayout(UNetConfiguration())
    let values = initial(layout, seed: 1)
    for tensor in layout.tensors where tensor.role == .convolutionWeight || tensor.role == .transposedWeight {
      let (o, i, taps) = (tensor.shape[0], tensor.shape[1], tensor.shape[2] * tensor.shape[3])
      let limit = (6.0 / Double(taps * (o + i))).squareRoot()
      let kernel = values[tensor.range].map(Double.init)
      let n = Double(kernel.count)
      #expect(kernel.allSatisfy { abs($0) <= limit * (1 + 1e-6) })
      // Mean 0 and variance limit²/3, each within five standard deviations.
      #expect(abs(kernel.reduce(0, +) / n) < 5 * limit / (3 * n).squareRoot(), "\(tensor.name)")
      let variance = kernel.reduce(0) { $0 + $1 * $1 } / n
      #expect(abs(variance / (limit * limit / 3) - 1) < 5 * (0.8 / n).squareRoot(), "\(tensor.name)")
    }
    // The heads' fans are 64 and 1.
    let head = values[layout["head.mnist.weight"].range]
    #expect(head.contains { abs($0) > 0.8 * Float(6.0 / 65).squareRoot() })
  }

  @Test func everythingElseIsZeroOrOne() {
    let layout = ParameterLayout(UNetConfiguration(baseChannels: 3, blocks: 2, convolutionsPerBlock: 1))
    let values = initial(layout, seed: 2)
    for tensor in layout.tensors {
      switch tensor.role {
      case .convolutionWeight, .transposedWeight: #expect(values[tensor.range].allSatisfy { $0.isFinite && $0 != 0 })
      case .gamma, .movingVariance: #expect(values[tensor.range].allSatisfy { $0 == 1 })
      case .normalisedBias, .bias, .beta, .movingMean: #expect(values[tensor.range].allSatisfy { $0 == 0 })
      }
    }
  }

  @Test func weightsAreAFunctionOfTheSeed() {
    let layout = ParameterLayout(UNetConfiguration(baseChannels: 2, blocks: 2))
    #expect(initial(layout, seed: 3) == initial(layout, seed: 3))
    #expect(initial(layout, seed: 3) != initial(layout, seed: 4))
  }
}
