import TestSupport
import Testing

@testable import Model

/// The oracle's backward pass against central differences of its forward pass, through the whole network.
struct OracleGradientTests {
  /// Weights with nothing at its default: gamma, beta and biases off 1 and 0.
  private static func weights(_ layout: ParameterLayout) -> [Double] {
    var generator = SplitMix(state: 7)
    return layout.tensors.flatMap { tensor in
      let (centre, spread): (Double, Double) =
        switch tensor.role {
        case .convolutionWeight, .transposedWeight: (tensor.name.hasPrefix("head") ? 0.5 : 0, 0.5)
        case .normalisedBias, .bias, .movingMean: (0, 0.2)
        case .gamma, .movingVariance: (1, 0.3)
        case .beta: (0.1, 0.3)
        }
      return tensor.range.map { _ in Double(Float(centre + Double.random(in: -spread...spread, using: &generator))) }
    }
  }

  private static func pixels(_ count: Int, seed: UInt64) -> [Double] {
    var generator = SplitMix(state: seed)
    return (0..<count).map { _ in Double.random(in: 0...1, using: &generator) }
  }

  @Test(arguments: [(2, 3, 2), (3, 2, 1), (2, 1, 2)], [NormalisationStatistics.batch(), .frozen])
  func gradientsOfTheWholeNetworkAreItsFiniteDifferences(
    _ shape: (base: Int, blocks: Int, convolutions: Int), _ statistics: NormalisationStatistics
  ) {
    let configuration = UNetConfiguration(
      baseChannels: shape.base, blocks: shape.blocks, convolutionsPerBlock: shape.convolutions)
    let layout = ParameterLayout(configuration)
    let input = Self.pixels(2 * UNetConfiguration().pixelCount, seed: 1)
    let targets = Self.pixels(4 * UNetConfiguration().pixelCount, seed: 2)
    let oracle = OracleUNet(configuration: configuration, values: Self.weights(layout))
    oracle.moveAwayFromKinks(input: input, statistics: statistics)
    let values = oracle.values
    let gradients = oracle.step(input: input, targets: targets, statistics: statistics).gradients
    if statistics == .frozen { #expect(oracle.values == values, "the moving statistics stay") }

    func loss(_ values: [Double]) -> Double {
      let pass = OraclePass(layout: layout, values: values, training: true, statistics: statistics)
      let predictions = pass.forward(input)
      return zip(predictions, targets).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(input.count)
    }

    // Small enough to cross no kink (the nearest is 5e-5 away), large enough to leave ten digits.
    let h = 1e-6
    for tensor in layout.tensors where tensor.range.upperBound <= layout.trainedCount {
      let scale = gradients[tensor.range].map(abs).max()!
      for k in 0..<min(24, tensor.range.count) {
        let i = tensor.range.lowerBound + k * tensor.range.count / min(24, tensor.range.count)
        var (above, below) = (values, values)
        above[i] += h
        below[i] -= h
        let difference = (loss(above) - loss(below)) / (2 * h)
        if tensor.role == .normalisedBias {
          // Where statistics are frozen it has an effect, which is left to beta.
          #expect(gradients[i] == 0, "\(tensor.name)[\(k)]")
          #expect(statistics == .frozen || abs(difference) < 1e-8, "\(tensor.name)[\(k)]")
        } else {
          #expect(scale > 1e-5, "\(tensor.name): a gradient too small to be tested")
          let error = abs(gradients[i] - difference) / max(abs(gradients[i]), scale)
          #expect(error < 1e-6, "\(tensor.name)[\(i)]: \(gradients[i]) and \(difference)")
        }
      }
    }
  }

  @Test func equalMaximaSendTheirGradientToTheFirstInRowOrder() {
    let layout = ParameterLayout(UNetConfiguration(baseChannels: 1, blocks: 2))
    let pass = OraclePass(layout: layout, values: Self.weights(layout), training: true)
    // Windows: all equal; the right column equal and larger; the bottom row equal and larger; one largest, last.
    let src = OraclePass.Activation(
      n: 1, rows: 4, columns: 4, channels: 1,
      data: [
        5, 5, 1, 6,
        5, 5, 1, 6,
        0, 0, 1, 2,
        7, 7, 3, 4,
      ])
    #expect(pass.maxPool(src).data == [5, 6, 7, 4])
    #expect(
      pass.maxPoolBackward([1, 2, 3, 4]) == [
        1, 0, 0, 2,
        0, 0, 0, 0,
        0, 0, 0, 0,
        3, 0, 0, 4,
      ])
  }

  @Test func nearTiesGoToTheRunnerUpOnlyWhenAsked() {
    let layout = ParameterLayout(UNetConfiguration(baseChannels: 1, blocks: 2))
    let src = OraclePass.Activation(n: 1, rows: 2, columns: 4, channels: 1, data: [5, 5 - 1e-6, 3, 3, 5, 0, 3, 2])
    for (margin, winners) in [(0, [0, 2]), (1e-7, [0, 2]), (3e-6, [1, 2])] {
      let pass = OraclePass(
        layout: layout, values: Self.weights(layout), training: true, variation: .otherSide(margin: margin))
      _ = pass.maxPool(src)
      #expect(pass.poolings[0].winners == winners, "\(margin)")
    }
  }

  @Test func valuesKeepTheirDistanceFromKinksAfterTheMove() {
    let configuration = UNetConfiguration(baseChannels: 4, blocks: 2, convolutionsPerBlock: 2)
    let layout = ParameterLayout(configuration)
    let input = Self.pixels(3 * UNetConfiguration().pixelCount, seed: 3)
    let oracle = OracleUNet(configuration: configuration, values: Self.weights(layout))
    let before = oracle.values
    func nearest(_ values: [Double]) -> Double {
      let pass = OraclePass(layout: layout, values: values, training: true)
      _ = pass.forward(input)
      return (pass.convolutions.map(\.preactivation.data) + pass.headPreactivations).joined().map(abs).min()!
    }
    #expect(nearest(before) < OracleUNet.kinkMargin)
    oracle.moveAwayFromKinks(input: input)
    #expect(nearest(oracle.values) >= OracleUNet.kinkMargin)
    #expect(zip(before, oracle.values).allSatisfy { abs($0 - $1) < 2e-3 })
    #expect(oracle.values.allSatisfy { Double(Float($0)) == $0 })
  }

  @Test func movingStatisticsKeepNinetyNineHundredths() throws {
    let configuration = UNetConfiguration(baseChannels: 2, blocks: 1, convolutionsPerBlock: 1)
    let layout = ParameterLayout(configuration)
    let oracle = OracleUNet(configuration: configuration, values: Self.weights(layout))
    let before = oracle.values
    let result = oracle.step(
      input: Self.pixels(1024, seed: 4), targets: Self.pixels(2048, seed: 5))
    let batch = try #require(result.batchStatistics["encoder.0.bn.0"])
    for (part, statistic) in [("moving_mean", batch.mean), ("moving_variance", batch.variance)] {
      for (i, value) in zip(layout["encoder.0.bn.0.\(part)"].range, statistic) {
        #expect(abs(oracle.values[i] - (0.99 * before[i] + 0.01 * value)) < 1e-15)
      }
    }
    #expect(oracle.values.prefix(layout.trainedCount) == before.prefix(layout.trainedCount))
  }
}
