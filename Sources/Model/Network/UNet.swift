/// The network, planned for one batch size: every primitive, packed weight and activation exists before the first step.
///
/// Encoder stages of `convolutionsPerBlock` units (3x3 convolution, batch normalisation, ReLU) with 2x2 max pooling between
/// them; decoder stages of an upsampling, the concatenation with the encoder's output of the same size, and the units;
/// two 1x1 heads with ReLU. Activations are NHWC.
///
/// Not Sendable: one thread makes all calls. `values` is shared with the caller, not copied; after a change of it call
/// `packWeights()`. A network of batch 0 computes nothing and takes part in every collective.
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
  /// Images of this rank's slice of the global batch.
  package let batch: Int
  package let mode: Mode

  /// The flat weights; the parts of the network point into them.
  private let values: AlignedBuffer<Float>
  private let inputPicture: Activation
  private let networkInput: Activation
  private let encoder: [Stage]
  private let decoder: [Stage]
  private let poolings: [Pooling]
  private let heads: Heads

  /// Units of one resolution; `upsampling` leads into a decoder stage.
  struct Stage {
    var upsampling: Upsampling?
    var units: [NormalisedConvolution]
  }

  /// From the output of an encoder stage to the input of the next.
  struct Pooling {
    let src: ActivationView
    let dst: Activation
    var diffDst: Activation?
    var diffSkip: ActivationView?
    var diffSrc: Activation?
  }

  /// Plans the network over the flat weights `values` (`layout.count` floats).
  /// Throws `OneDNNError` where oneDNN has no fast implementation for a shape.
  package init(
    configuration: UNetConfiguration, values: AlignedBuffer<Float>, batch: Int, mode: Mode, precision: Precision
  ) throws {
    let layout = ParameterLayout(configuration)
    precondition(values.count == layout.count, "\(values.count) weights for a network of \(layout.count)")
    precondition(batch >= 0, "a batch of \(batch) images")
    (self.configuration, self.layout, self.batch) = (configuration, layout, batch)
    (self.mode, self.precision, self.values) = (mode, precision, values)

    let plan = try NetworkPlan(layout: layout, values: values, precision: precision, batch: batch, mode: mode)
    let size = UNetConfiguration.imageSize
    inputPicture = Activation(.f32, batch: batch, size: size, channels: 1)
    networkInput = precision == .f32 ? inputPicture : plan.activation(size: size, channels: 1)

    var builder = NetworkBuilder(plan: plan, configuration: configuration)
    let parts = try builder.build(input: networkInput)
    (encoder, decoder, poolings, heads) = (parts.encoder, parts.decoder, parts.poolings, parts.heads)
    try plan.finish()
    try packWeights()
  }

  /// Copies the flat weights into the forms that the passes read.
  package func packWeights() throws {
    try forEachUnit { unit in
      try unit.packWeights()
      if mode == .inference { unit.normalisation.useMovingStatistics() }
    }
    for stage in decoder { try stage.upsampling?.packWeights() }
    heads.packWeights()
  }

  /// [batch, 32, 32] f32: the mixed pictures. Fill before a forward pass.
  package var input: UnsafeMutableBufferPointer<Float> {
    let count = batch * UNetConfiguration.pixelCount
    return unsafe UnsafeMutableBufferPointer(
      start: inputPicture.base.assumingMemoryBound(to: Float.self), count: count)
  }

  /// [2, batch, 32, 32] f32, head-major: the true sources. Fill before `computeLoss`.
  package var targets: UnsafeMutableBufferPointer<Float> { unsafe heads.targets.elements }

  /// [2, batch, 32, 32] f32, head-major: the separated sources; valid after a forward pass.
  package var predictions: UnsafeMutableBufferPointer<Float> { unsafe heads.predictions.elements }

  /// [2, batch] f64, head-major: each picture's squared error summed over its pixels; valid after `computeLoss`.
  package var squaredErrors: UnsafeMutableBufferPointer<Double> { unsafe heads.squaredErrors.elements }

  /// Forward with the statistics of the global batch; moves the moving statistics in `values`. Collective.
  package func forwardTraining(sums ranks: any CrossRankSums) throws {
    precondition(mode == .training, "a training pass through a network planned for inference")
    try forward { try $0.forwardTraining(ranks: ranks) }
  }

  /// Forward with the moving statistics as they were at the last `packWeights()`. Local.
  package func forwardInference() throws {
    precondition(mode == .inference, "an inference pass through a network planned for training")
    try forward { try $0.forwardInference() }
  }

  private func forward(_ run: (NormalisedConvolution) throws -> Void) throws {
    if precision == .bf16 { inputPicture.view.copy(to: networkInput.view) }
    for (i, stage) in encoder.enumerated() {
      if i > 0 { poolings[i - 1].src.maxPool(into: poolings[i - 1].dst.view) }
      for unit in stage.units { try run(unit) }
    }
    for stage in decoder {
      try stage.upsampling?.forward()
      for unit in stage.units { try run(unit) }
    }
    heads.forward()
  }

  /// Compares the predictions with `targets`: fills `squaredErrors` and, in training, starts the gradient of
  /// mse(first head) + mse(second head), each the mean over the pixels of all `globalBatch` pictures. Local.
  package func computeLoss(globalBatch: Int) { heads.computeLoss(globalBatch: globalBatch) }

  /// Gradient of the loss into `gradients[0..<layout.trainedCount]`: this rank's part, to be summed over the ranks.
  /// Announces each range of it to `ranks` as soon as it is complete, from the end to the start. Collective.
  package func backward(into gradients: AlignedBuffer<Float>, sums ranks: any CrossRankSums) throws {
    precondition(mode == .training, "backward through a network planned for inference")
    precondition(
      gradients.count >= layout.trainedCount, "\(gradients.count) gradients for \(layout.trainedCount) weights")
    try heads.backward(into: gradients, ranks: ranks)
    for stage in decoder.reversed() {
      for unit in stage.units.reversed() { try unit.backward(into: gradients, ranks: ranks) }
      try stage.upsampling?.backward(into: gradients, ranks: ranks)
    }
    for (i, stage) in encoder.enumerated().reversed() {
      for unit in stage.units.reversed() { try unit.backward(into: gradients, ranks: ranks) }
      if i > 0 { poolings[i - 1].backward() }
    }
  }

  /// Mean and biased variance over the global batch in the last training pass, for a layer named as in "encoder.0.bn.0".
  package func batchStatistics(of name: String) -> (mean: [Float], variance: [Float]) {
    let parts = name.split(separator: ".")
    guard parts.count == 4, parts[2] == "bn", let stage = Int(parts[1]), let index = Int(parts[3]) else {
      preconditionFailure("no normalisation layer is called \(name)")
    }
    let normalisation = (parts[0] == "encoder" ? encoder : decoder)[stage].units[index].normalisation
    return unsafe (Array(normalisation.mean.elements), Array(normalisation.variance.elements))
  }

  private func forEachUnit(_ body: (NormalisedConvolution) throws -> Void) rethrows {
    for stage in encoder { for unit in stage.units { try body(unit) } }
    for stage in decoder { for unit in stage.units { try body(unit) } }
  }
}

extension UNet.Pooling {
  func backward() {
    guard let diffDst, let diffSkip, let diffSrc else {
      preconditionFailure("backward of a pooling that was planned for inference")
    }
    src.maxPoolBackward(diffDst: diffDst.view, diffSkip: diffSkip, into: diffSrc.view)
  }
}
