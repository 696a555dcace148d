import Testing

@testable import Model

/// Several slices in lockstep are one batch.
struct SlicedNetworkTests {
  private static let configuration = UNetConfiguration(baseChannels: 16, blocks: 3, convolutionsPerBlock: 2)
  private static let layout = ParameterLayout(configuration)
  private static let pictures = UNetTests.pictures(5)

  private struct Step {
    var predictions: [Float]
    var gradients: [Float]
    var moving: [Float]
    var errors: [Double]
    var calls: UNetTests.RecordingSums
  }

  /// A training pass through the pictures, cut into `batches`. With frozen statistics it is the second pass, after one with those
  /// of the batch.
  private func step(_ batches: [Int], _ statistics: NormalisationStatistics = .batch()) throws -> Step {
    let values = UNetTests.weights(Self.layout)
    let network = try SlicedNetwork(
      configuration: Self.configuration, values: values, batches: batches, precision: .f32)
    let pixels = UNetConfiguration().pixelCount
    var first = 0
    for slice in network.slices {
      for i in 0..<slice.batch * pixels { unsafe slice.input[i] = Self.pictures.input[first * pixels + i] }
      for head in 0..<2 {
        for i in 0..<slice.batch * pixels {
          unsafe slice.targets[head * slice.batch * pixels + i] = Self.pictures.targets[(head * 5 + first) * pixels + i]
        }
      }
      first += slice.batch
    }
    let gradients = AlignedBuffer<Float>(repeating: .nan, count: Self.layout.trainedCount)
    var calls = UNetTests.RecordingSums()
    func pass() throws {
      try network.forwardTraining(sums: calls)
      network.computeLoss(globalBatch: 5)
      try network.backward(into: gradients, sums: calls)
    }
    try pass()
    if statistics == .frozen {
      network.statistics = .frozen
      calls = UNetTests.RecordingSums()
      try pass()
    }
    var errors = [0.0, 0.0]
    unsafe errors.withUnsafeMutableBufferPointer { unsafe network.sumSquaredErrors(into: $0) }
    let predictions = network.slices.flatMap { unsafe Array($0.predictions[..<($0.batch * pixels)]) }
    return Step(
      predictions: predictions, gradients: gradients.array(),
      moving: values.array(Self.layout.trainedCount..<Self.layout.count), errors: errors, calls: calls)
  }

  @Test(arguments: [[2, 3], [3, 2, 0], [2, 1, 1, 1], [0, 5]], [NormalisationStatistics.batch(), .frozen])
  func slicesAreOneBatch(batches: [Int], _ statistics: NormalisationStatistics) throws {
    let whole = try step([5], statistics)
    let cut = try step(batches, statistics)
    #expect(relativeError(cut.predictions, whole.predictions.map(Double.init)) < 1e-5)
    #expect(relativeError(cut.gradients, whole.gradients.map(Double.init)) < 1e-4)
    // Moved once, and by the statistics of all pictures.
    #expect(relativeError(cut.moving, whole.moving.map(Double.init)) < 1e-6)
    for head in 0..<2 { #expect(abs(cut.errors[head] - whole.errors[head]) < 1e-5 * whole.errors[head]) }
    // Other ranks see the same calls.
    #expect(cut.calls.sums == whole.calls.sums && cut.calls.ranges == whole.calls.ranges)
  }

  @Test func frozenStatisticsAreNeitherMovedNorSent() throws {
    let (before, after) = (try step([5]), try step([5], .frozen))
    #expect(after.moving == before.moving)
    #expect(!before.calls.sums.isEmpty && after.calls.sums.isEmpty && after.calls.ranges == before.calls.ranges)
  }

  @Test
  func otherSlicesHaveOtherRounding() throws {
    #expect(try step([2, 3]).gradients != step([3, 2]).gradients)
  }
}
