/// The network once more, in f64 and plain loops: what the fast engine is measured against.
///
/// One process, any configuration, no planning and no care for speed. Pictures are `[n,imageSize,imageSize]`, activations NHWC, weights
/// in layout order (convolutions OIHW, transposed ones IOHW), all f64.
package final class OracleUNet {
  /// Added to a variance before its root.
  static let normalisationEpsilon = 1e-3

  /// Where each weight lies in `values`.
  package let layout: ParameterLayout
  /// All weights in layout order.
  package internal(set) var values: [Double]
  /// Which of the right answers it gives.
  package let variation: OracleVariation

  var firstMoments: [Double]
  var secondMoments: [Double]
  var steps = 0

  /// What a training step computed before the update.
  package struct StepResult: Sendable {
    /// `[heads,n,imageSize,imageSize]`, head-major.
    package var predictions: [Double]
    /// Each head's mean squared error; the training loss is their sum.
    package var losses: [Double]
    /// Gradient of the loss, `trainedCount` elements in layout order.
    package var gradients: [Double]
    /// Mean and biased variance of every normalisation layer, by its name ("encoder.0.bn.0"); none where statistics are frozen.
    package var batchStatistics: [String: (mean: [Double], variance: [Double])]
  }

  /// A network with `values` in layout order and fresh moments.
  package init(configuration: UNetConfiguration, values: [Double], variation: OracleVariation = .exact) {
    layout = ParameterLayout(configuration)
    precondition(values.count == layout.count, "\(values.count) values for a network of \(layout.count)")
    self.values = values
    self.variation = variation
    firstMoments = Array(repeating: 0, count: layout.trainedCount)
    secondMoments = firstMoments
  }

  /// Predictions `[heads,n,imageSize,imageSize]` for `input` `[n,imageSize,imageSize]`, normalised by the moving statistics.
  package func predict(input: [Double]) -> [Double] {
    let pass = OraclePass(layout: layout, values: values, training: false, variation: variation)
    return pass.forward(input)
  }

  /// Training forward and backward over one batch: `input` `[n,imageSize,imageSize]`, `targets` `[heads,n,imageSize,imageSize]`.
  ///
  /// Normalises by the statistics of the batch and moves the moving statistics in `values`, or by the latter as they are where
  /// they are frozen; trained weights stay.
  package func step(
    input: [Double], targets: [Double], statistics: NormalisationStatistics = .batch()
  ) -> StepResult {
    let heads = layout.configuration.heads.count
    precondition(targets.count == heads * input.count, "\(targets.count) target pixels for \(input.count) pixels")
    let pass = OraclePass(
      layout: layout, values: values, training: true, statistics: statistics, variation: variation)
    let predictions = pass.forward(input)

    var losses = Array(repeating: 0.0, count: heads)
    var difference = Array(repeating: 0.0, count: predictions.count)
    for i in predictions.indices {
      let error = predictions[i] - targets[i]
      losses[i / input.count] += error * error / Double(input.count)
      difference[i] = 2 * error / Double(input.count)
    }
    let gradients = pass.backward(difference)
    if case .batch(let momentum) = statistics { moveStatistics(pass.batchStatistics, momentum: momentum) }
    return StepResult(
      predictions: predictions, losses: losses, gradients: gradients, batchStatistics: pass.batchStatistics)
  }

  /// Keras's Adam in f64 over the trained weights; moments and step count are the oracle's own.
  package func update(gradients: [Double], learningRate: Double) {
    precondition(gradients.count == layout.trainedCount, "\(gradients.count) gradients of \(layout.trainedCount)")
    let adam = Adam(learningRate: learningRate)
    steps += 1
    let alpha = adam.alpha(step: steps)
    for (i, g) in gradients.enumerated() {
      firstMoments[i] += (g - firstMoments[i]) * (1 - adam.beta1)
      secondMoments[i] += (g * g - secondMoments[i]) * (1 - adam.beta2)
      values[i] -= alpha * firstMoments[i] / (secondMoments[i].squareRoot() + adam.epsilon)
    }
    roundWeights()
  }

  private func moveStatistics(_ statistics: [String: (mean: [Double], variance: [Double])], momentum: Double) {
    for (name, batch) in statistics {
      for (part, source) in [("moving_mean", batch.mean), ("moving_variance", batch.variance)] {
        let range = layout["\(name).\(part)"].range
        for (i, value) in zip(range, source) {
          values[i] = momentum * values[i] + (1 - momentum) * value
        }
      }
    }
    roundWeights()
  }

  /// A program that rounds keeps its weights in f32.
  private func roundWeights() {
    if case .rounded = variation { values = values.map { Double(Float($0)) } }
  }
}
