/// One forward pass of the oracle, and the backward pass over what it kept.
final class OraclePass {
  /// An activation, NHWC.
  struct Activation {
    var n: Int, rows: Int, columns: Int, channels: Int
    var data: [Double]
    var pixels: Int { n * rows * columns }
  }

  /// What the backward pass of one convolution + normalisation + ReLU reads.
  struct NormalisedConvolution {
    var name: (convolution: String, normalisation: String)
    var src: Activation
    /// (z - mean) / sqrt(variance + epsilon)
    var xhat: [Double]
    var inverseDeviation: [Double]
    /// gamma * xhat + beta; positive where the ReLU lets the gradient through.
    var preactivation: Activation
  }

  /// A 2x2 maximum and where it was found: elements of `src`.
  struct Pooling {
    var src: Activation
    var winners: [Int]
  }

  let layout: ParameterLayout
  private(set) var values: [Double]
  let training: Bool
  /// What a training pass normalises by.
  let statistics: NormalisationStatistics
  /// Set: the pass moves every beta and head bias in `values` just so far that no value of the batch lies this close to
  /// a ReLU's kink. The backward pass is of no use then.
  let kinkMargin: Double?

  /// Which right answer the pass gives.
  let variation: OracleVariation
  private var rounding: OracleRounding?

  var batchStatistics: [String: (mean: [Double], variance: [Double])] = [:]
  var gradients: [Double] = []

  // In the order of the forward pass; the backward pass takes them from the end.
  var convolutions: [NormalisedConvolution] = []
  var poolings: [Pooling] = []
  var upsamplings: [(name: String, src: Activation)] = []
  var headSource: Activation?
  var headPreactivations: [[Double]] = []

  init(
    layout: ParameterLayout, values: [Double], training: Bool, statistics: NormalisationStatistics = .batch(),
    kinkMargin: Double? = nil, variation: OracleVariation = .exact
  ) {
    self.layout = layout
    self.values = values
    self.training = training
    self.statistics = statistics
    self.kinkMargin = kinkMargin
    self.variation = variation
    if case .rounded(let precision, let draw) = variation { rounding = OracleRounding(precision, draw: draw) }
  }

  /// An activation or its gradient as memory holds it.
  func stored(_ values: [Double]) -> [Double] { rounded(values) { $0.store(&$1) } }

  /// What is f32 at either precision: statistics, gradients of weights, predictions.
  func storedSingle(_ values: [Double]) -> [Double] { rounded(values) { $0.storeSingle(&$1) } }

  /// Whether sums of products round to f32 after each addition.
  var rounds: Bool { rounding != nil }

  /// The weights called `name` as a convolution multiplies them.
  func packed(_ name: String) -> [Double] { stored(Array(weights(name))) }

  private func rounded(_ values: [Double], _ round: (inout OracleRounding, inout [Double]) -> Void) -> [Double] {
    guard var rounding else { return values }
    var values = values
    round(&rounding, &values)
    self.rounding = rounding
    return values
  }

  /// The weights called `name`.
  func weights(_ name: String) -> ArraySlice<Double> { values[layout[name].range] }

  /// Replaces the weights called `name`.
  func setWeights(_ name: String, _ weights: [Double]) {
    let range = layout[name].range
    precondition(weights.count == range.count, "\(weights.count) weights for \(name) of \(range.count)")
    values.replaceSubrange(range, with: weights)
  }

  /// Writes one tensor's gradient.
  func setGradient(_ name: String, _ gradient: [Double]) {
    let range = layout[name].range
    precondition(gradient.count == range.count, "\(gradient.count) gradients for \(name) of \(range.count)")
    gradients.replaceSubrange(range, with: storedSingle(gradient))
  }
}
