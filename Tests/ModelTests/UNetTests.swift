import TestSupport
import Testing

@testable import Model

/// The planned network against the f64 oracle, and its contract with the ranks.
struct UNetTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    var base: Int, blocks: Int, convolutions: Int, batch: Int
    /// Rows and columns of the pictures.
    var size = 32
    var testDescription: String {
      "\(base) channels, \(blocks) blocks of \(convolutions), batch \(batch) of \(size)x\(size)"
    }
    var configuration: UNetConfiguration {
      UNetConfiguration(
        baseChannels: base, blocks: blocks, convolutionsPerBlock: convolutions, imageSize: size, pictureSide: size)
    }
  }
  static let shapes = [
    Shape(base: 16, blocks: 1, convolutions: 1, batch: 2), Shape(base: 16, blocks: 2, convolutions: 2, batch: 3),
    Shape(base: 16, blocks: 3, convolutions: 1, batch: 1), Shape(base: 32, blocks: 3, convolutions: 3, batch: 2),
    Shape(base: 16, blocks: 4, convolutions: 1, batch: 2),
    Shape(base: 16, blocks: 3, convolutions: 1, batch: 2, size: 36),
    Shape(base: 16, blocks: 2, convolutions: 1, batch: 1, size: 50),
    Shape(base: 16, blocks: 1, convolutions: 1, batch: 2, size: 7),
    Shape(base: 16, blocks: 3, convolutions: 1, batch: 1, size: 128),
  ]

  /// Weights with every role away from its initial value, so that no term can hide.
  static func weights(_ layout: ParameterLayout) -> AlignedBuffer<Float> {
    var random = SplitMix(state: 7)
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    for tensor in layout.tensors {
      let fan =
        tensor.shape.count == 4
        ? Float(tensor.shape[1] + tensor.shape[0]) * Float(tensor.shape[2] * tensor.shape[3]) : 1
      for i in tensor.range {
        let u = Float.random(in: -1...1, using: &random)
        unsafe values.base[i] =
          switch tensor.role {
          case .convolutionWeight, .transposedWeight: u * (6 / fan).squareRoot()
          case .gamma: 1 + 0.2 * u
          case .movingVariance: 1 + 0.5 * u
          case .bias where tensor.shape == [1]: 0.5 + 0.1 * u
          default: 0.1 * u
          }
      }
    }
    return values
  }

  static func pictures(_ count: Int, size: Int = 32) -> (input: [Float], targets: [Float]) {
    var random = SplitMix(state: 11)
    let pixels = size * size
    let targets = (0..<2 * count * pixels).map { _ in Float.random(in: 0...1, using: &random) }
    let input = (0..<count * pixels).map { (targets[$0] + targets[count * pixels + $0]) / 2 }
    return (input, targets)
  }

  @Test(arguments: shapes, [NormalisationStatistics.batch(), .batch(momentum: 0.25), .frozen])
  func stepMatchesTheOracle(_ shape: Shape, _ statistics: NormalisationStatistics) throws {
    let layout = ParameterLayout(shape.configuration)
    let values = Self.weights(layout)
    let (input, targets) = Self.pictures(shape.batch, size: shape.size)
    let oracle = OracleUNet(configuration: shape.configuration, values: values.array().map(Double.init))
    let expected = oracle.step(
      input: input.map(Double.init), targets: targets.map(Double.init), statistics: statistics)

    let network = try SlicedNetwork(
      configuration: shape.configuration, values: values, batches: [shape.batch], precision: .f32)
    network.statistics = statistics
    let slice = network.slices[0]
    let gradients = AlignedBuffer<Float>(repeating: .nan, count: layout.trainedCount)
    unsafe _ = slice.input.update(fromContentsOf: input)
    unsafe _ = slice.targets.update(fromContentsOf: targets)
    try network.forwardTraining(sums: SingleProcessSums())
    network.computeLoss(globalBatch: shape.batch)
    try network.backward(into: gradients, sums: SingleProcessSums())

    #expect(relativeError(unsafe Array(slice.predictions), expected.predictions) < 1e-5)
    let errors = unsafe Array(slice.squaredErrors)
    for head in 0..<2 {
      let loss = errors[(head * shape.batch)..<((head + 1) * shape.batch)].reduce(0, +)
      let mean = loss / Double(shape.batch * shape.size * shape.size)
      #expect(abs(mean - expected.losses[head]) < 1e-5 * expected.losses[head])
    }
    for tensor in layout.tensors where tensor.range.upperBound <= layout.trainedCount {
      let measured = gradients.array(tensor.range)
      if tensor.role == .normalisedBias {
        #expect(measured.allSatisfy { $0 == 0 }, "\(tensor.name)")
      } else {
        #expect(relativeError(measured, Array(expected.gradients[tensor.range])) < 1e-4, "\(tensor.name)")
      }
    }
    // The moving statistics moved alike, or stayed.
    for tensor in layout.tensors where tensor.range.lowerBound >= layout.trainedCount {
      let measured = values.array(tensor.range)
      #expect(relativeError(measured, Array(oracle.values[tensor.range])) < 1e-5, "\(tensor.name)")
    }
  }

  @Test(arguments: shapes) func inferenceMatchesTheOracle(_ shape: Shape) throws {
    let layout = ParameterLayout(shape.configuration)
    let values = Self.weights(layout)
    let (input, _) = Self.pictures(shape.batch, size: shape.size)
    let oracle = OracleUNet(configuration: shape.configuration, values: values.array().map(Double.init))
    let predictor = try Predictor(
      configuration: shape.configuration, values: values, precision: .f32, batch: 2)
    var predictions = [Float](repeating: .nan, count: 2 * input.count)
    try unsafe input.withUnsafeBufferPointer { input in
      try unsafe predictions.withUnsafeMutableBufferPointer { try unsafe predictor.predict(mixed: input, into: $0) }
    }
    #expect(relativeError(predictions, oracle.predict(input: input.map(Double.init))) < 1e-5)
  }

  @Test func predictionsDoNotDependOnTheirNumber() throws {
    let configuration = UNetConfiguration(baseChannels: 16, blocks: 2, convolutionsPerBlock: 1)
    let predictor = try Predictor(
      configuration: configuration, values: Self.weights(ParameterLayout(configuration)), precision: .f32, batch: 4)
    let pixels = UNetConfiguration().pixelCount
    let (input, _) = Self.pictures(7)
    func predict(_ count: Int) throws -> [Float] {
      var predictions = [Float](repeating: .nan, count: 2 * count * pixels)
      try unsafe input.withUnsafeBufferPointer { input in
        try unsafe predictions.withUnsafeMutableBufferPointer {
          try unsafe predictor.predict(mixed: UnsafeBufferPointer(rebasing: input[..<(count * pixels)]), into: $0)
        }
      }
      return predictions
    }
    let all = try predict(7)
    for count in 1...6 {
      let some = try predict(count)
      #expect(some[..<(count * pixels)] == all[..<(count * pixels)])
      #expect(some[(count * pixels)...] == all[(7 * pixels)..<((7 + count) * pixels)])
    }
  }

  /// Records what a network asks of the other ranks.
  final class RecordingSums: CrossRankSums {
    var sums: [Int] = []
    var ranges: [Range<Int>] = []
    var pixelsElsewhere = 0.0
    func sum(_ values: UnsafeMutableBufferPointer<Double>) {
      sums.append(values.count)
      // Forward sums begin with the count and have odd length; another rank holds images.
      if values.count % 2 == 1 { unsafe values[0] += pixelsElsewhere }
    }
    func gradientsAreComplete(_ range: Range<Int>) { ranges.append(range) }
  }

  static func record(batch: Int, gradients: AlignedBuffer<Float>) throws -> RecordingSums {
    let configuration = UNetConfiguration(baseChannels: 16, blocks: 3, convolutionsPerBlock: 2)
    let layout = ParameterLayout(configuration)
    let network = try SlicedNetwork(
      configuration: configuration, values: weights(layout), batches: [batch], precision: .f32)
    let sums = RecordingSums()
    sums.pixelsElsewhere = 1024
    let (input, targets) = pictures(batch)
    unsafe _ = network.slices[0].input.update(fromContentsOf: input)
    unsafe _ = network.slices[0].targets.update(fromContentsOf: targets)
    try network.forwardTraining(sums: sums)
    network.computeLoss(globalBatch: batch + 1)
    try network.backward(into: gradients, sums: sums)
    return sums
  }

  @Test func aRankWithoutImagesMakesTheSameCallsAndGivesZeroGradients() throws {
    let count = ParameterLayout(UNetConfiguration(baseChannels: 16, blocks: 3, convolutionsPerBlock: 2)).trainedCount
    let gradients = AlignedBuffer<Float>(repeating: .nan, count: count)
    let empty = try Self.record(batch: 0, gradients: gradients)
    #expect(gradients.array().allSatisfy { $0 == 0 })
    let other = try Self.record(batch: 2, gradients: gradients)
    #expect(empty.sums == other.sums && !empty.sums.isEmpty)
    #expect(empty.ranges == other.ranges && !empty.ranges.isEmpty)
  }

  @Test func rangesCoverTheGradientFromItsEndToItsStart() throws {
    let count = ParameterLayout(UNetConfiguration(baseChannels: 16, blocks: 3, convolutionsPerBlock: 2)).trainedCount
    let ranges = try Self.record(batch: 1, gradients: AlignedBuffer(repeating: 0, count: count)).ranges
    #expect(ranges.first?.upperBound == count)
    #expect(ranges.last?.lowerBound == 0)
    for (later, earlier) in zip(ranges.dropFirst(), ranges) { #expect(later.upperBound == earlier.lowerBound) }
  }

  @Test func thePublishedNetworkHas3033346Parameters() {
    let layout = ParameterLayout(UNetConfiguration())
    #expect(layout.count == 3_033_346)
    #expect(layout.trainedCount == 3_029_506)
    #expect(layout.tensors.count == 98)
  }
}
