/// The network, planned for one batch size: every primitive, packed weight and activation exists before the first step.
///
/// Encoder stages of `convolutionsPerBlock` units (3x3 convolution, batch normalisation, ReLU) with 2x2 max pooling between
/// them; decoder stages of an upsampling, the concatenation with the encoder's output of the same size, and the units;
/// two 1x1 heads with ReLU. Activations are NHWC.
///
/// One of mode `training` is driven by ``SlicedNetwork``.
///
/// Not Sendable: one thread makes all calls. `values` is shared with the caller, not copied; after a change of it call
/// `packWeights()`. A network of batch 0 computes nothing.
@safe
package final class UNet {
  /// What a network is planned for.
  package enum Mode: Sendable {
    /// Forward with batch statistics, and backward.
    case training
    /// Forward with moving statistics, less memory.
    case inference
  }

  package let configuration: UNetConfiguration
  package let precision: Precision
  package let layout: ParameterLayout
  /// Images of one pass.
  package let batch: Int
  package let mode: Mode

  /// The flat weights; the parts of the network point into them.
  private let values: AlignedBuffer<Float>
  private let inputPicture: Activation
  private let networkInput: Activation
  /// Both heads' `squaredErrors` summed over the pictures in their order, after `sumSquaredErrors()`.
  let errorSums = AlignedBuffer<Double>(repeating: 0, count: 2)
  /// From the mixed pictures to the heads, in the order of the forward pass; the last one is `heads`.
  let parts: [any NetworkPart]
  private let heads: Heads
  /// By name, for another slice's network to share.
  let normalisations: [String: Normalisation]

  /// Plans the network over the flat weights `values` (`layout.count` floats).
  ///
  /// `sibling` is the network of another slice over the same weights: both then have the same batch statistics.
  /// Throws `OneDNNError` where oneDNN has no fast implementation for a shape.
  package init(
    configuration: UNetConfiguration, values: AlignedBuffer<Float>, batch: Int, mode: Mode, precision: Precision,
    sharingStatisticsOf sibling: UNet? = nil
  ) throws {
    let layout = ParameterLayout(configuration)
    precondition(values.count == layout.count, "\(values.count) weights for a network of \(layout.count)")
    precondition(batch >= 0, "a batch of \(batch) images")
    (self.configuration, self.layout, self.batch) = (configuration, layout, batch)
    (self.mode, self.precision, self.values) = (mode, precision, values)

    let plan = try NetworkPlan(
      layout: layout, values: values, precision: precision, batch: batch, mode: mode,
      normalisations: sibling?.normalisations ?? [:])
    let size = configuration.imageSize
    inputPicture = Activation(.f32, batch: batch, size: size, channels: 1)
    networkInput = precision == .f32 ? inputPicture : plan.activation(size: size, channels: 1)

    var builder = NetworkBuilder(plan: plan, configuration: configuration)
    let built = try builder.build(input: networkInput)
    (parts, heads) = (built.chain, built.heads)
    try plan.finish()
    normalisations = plan.normalisations
    try packWeights()
  }

  /// Copies the flat weights into the forms that the passes read.
  package func packWeights() throws {
    for part in parts {
      try part.packWeights()
      if mode == .inference { part.normalisation?.useMovingStatistics() }
    }
  }

  /// [batch, imageSize, imageSize] f32: the mixed pictures. Fill before a forward pass.
  package var input: UnsafeMutableBufferPointer<Float> {
    let count = batch * configuration.pixelCount
    return unsafe UnsafeMutableBufferPointer(
      start: inputPicture.base.assumingMemoryBound(to: Float.self), count: count)
  }

  /// [2, batch, imageSize, imageSize] f32, head-major: the true sources. Fill before `computeLoss`.
  package var targets: UnsafeMutableBufferPointer<Float> { unsafe heads.targets.elements }

  /// [2, batch, imageSize, imageSize] f32, head-major: the separated sources; valid after a forward pass.
  package var predictions: UnsafeMutableBufferPointer<Float> { unsafe heads.predictions.elements }

  /// [2, batch] f64, head-major: each picture's squared error summed over its pixels; valid after `computeLoss`.
  package var squaredErrors: UnsafeMutableBufferPointer<Double> { unsafe heads.squaredErrors.elements }

  /// Forward with the moving statistics as they were at the last `packWeights()`. Local.
  package func forwardInference() throws {
    precondition(mode == .inference, "an inference pass through a network planned for training")
    takeInput()
    for part in parts {
      try part.forward()
      part.finishForward()
    }
  }

  /// Brings `input` into the network's precision, at the start of a pass.
  func takeInput() {
    if precision == .bf16 { inputPicture.view.copy(to: networkInput.view) }
  }

  /// Compares the predictions with `targets`: fills `squaredErrors` and, in training, starts the gradient of
  /// loss(first head) + loss(second head), each the mean over all `globalBatch` pictures. Local.
  package func computeLoss(_ loss: TrainingLoss = .mse, globalBatch: Int) {
    heads.computeLoss(loss, globalBatch: globalBatch)
  }

  /// Fills `errorSums`.
  func sumSquaredErrors() {
    for head in 0..<2 {
      var sum = 0.0
      for picture in 0..<batch { unsafe sum += squaredErrors[head * batch + picture] }
      unsafe errorSums.base[head] = sum
    }
  }

  /// Mean and biased variance over the global batch in the last training pass, for a layer named as in "encoder.0.bn.0".
  package func batchStatistics(of name: String) -> (mean: [Float], variance: [Float]) {
    guard let normalisation = normalisations[name] else {
      preconditionFailure("no normalisation layer is called \(name)")
    }
    return unsafe (Array(normalisation.mean.elements), Array(normalisation.variance.elements))
  }
}
