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
  /// Set: the pass moves every beta and head bias in `values` just so far that no value of the batch lies this close to
  /// a ReLU's kink. The backward pass is of no use then.
  let kinkMargin: Double?

  /// A pooling window whose maximum leads by less than this takes another value of it for the winner. Exact ties never do.
  let tieMargin: Double

  var batchStatistics: [String: (mean: [Double], variance: [Double])] = [:]
  var gradients: [Double] = []

  // In the order of the forward pass; the backward pass takes them from the end.
  var convolutions: [NormalisedConvolution] = []
  var poolings: [Pooling] = []
  var upsamplings: [(name: String, src: Activation)] = []
  var headSource: Activation?
  var headPreactivations: [[Double]] = []

  init(
    layout: ParameterLayout, values: [Double], training: Bool, kinkMargin: Double? = nil, tieMargin: Double = 0
  ) {
    self.layout = layout
    self.values = values
    self.training = training
    self.kinkMargin = kinkMargin
    self.tieMargin = tieMargin
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
    gradients.replaceSubrange(range, with: gradient)
  }
}
