/// Wires the parts of a network: which activation each reads and writes, forward and backward.
struct NetworkBuilder {
  let plan: NetworkPlan
  let configuration: UNetConfiguration

  /// The parts by their places in the U.
  struct Parts {
    var encoder: [Stage] = []
    var decoder: [Stage] = []
    /// Between the encoder's stages.
    var poolings: [Pooling] = []
    let heads: Heads

    /// All parts in the order of the forward pass.
    var chain: [any NetworkPart] {
      var chain: [any NetworkPart] = []
      for (i, stage) in encoder.enumerated() {
        if i > 0 { chain.append(poolings[i - 1]) }
        chain += stage.units
      }
      for stage in decoder {
        if let upsampling = stage.upsampling { chain.append(upsampling) }
        chain += stage.units
      }
      return chain + [heads]
    }
  }

  /// Units of one resolution; `upsampling` leads into a decoder stage.
  struct Stage {
    var upsampling: Upsampling?
    var units: [NormalisedConvolution]
  }

  /// Output of each encoder stage but the last lies in the second half of its concatenated buffer [.., 2C].
  private var concatenated: [Activation] = []

  init(plan: NetworkPlan, configuration: UNetConfiguration) {
    self.plan = plan
    self.configuration = configuration
  }

  mutating func build(input: Activation) throws -> Parts {
    var encoder: [Stage] = []
    var poolings: [Pooling] = []
    var src = input
    let last = configuration.blocks - 1
    for i in 0...last {
      let channels = configuration.channels(stage: i)
      let size = configuration.imageSize >> i
      if i < last {
        let wide = plan.activation(size: size, channels: 2 * channels)
        let skip = wide.slice(channels: channels..<2 * channels)
        concatenated.append(wide)
        encoder.append(try stage("encoder.\(i)", src: src, size: size, channels: channels, lastDst: skip).stage)
        let pooled = dst(size: size / 2, channels: channels)
        poolings.append(Pooling(src: skip, dst: pooled))
        src = pooled
      } else {
        let built = try stage("encoder.\(i)", src: src, size: size, channels: channels, lastDst: nil)
        encoder.append(built.stage)
        src = built.dst
      }
    }
    var decoder: [Stage] = []
    for i in 0..<last {
      let level = last - 1 - i
      let channels = configuration.channels(stage: level)
      let wide = concatenated[level]
      let upsampling = try Upsampling(
        "decoder.\(i).up", src: src, dst: wide.slice(channels: 0..<channels), plan: plan)
      var built = try stage("decoder.\(i)", src: wide, size: wide.size, channels: channels, lastDst: nil)
      built.stage.upsampling = upsampling
      decoder.append(built.stage)
      src = built.dst
    }
    let heads = Heads(src: src, mode: plan.mode, plan: plan)
    var parts = Parts(encoder: encoder, decoder: decoder, poolings: poolings, heads: heads)
    if plan.mode == .training { try wireBackward(&parts, lastDst: src) }
    return parts
  }

  /// The units of one stage. `lastDst` is where the last unit writes; nil for a dense activation of its own.
  private func stage(
    _ name: String, src: Activation, size: Int, channels: Int, lastDst: ActivationView?
  ) throws -> (stage: Stage, dst: Activation) {
    var units: [NormalisedConvolution] = []
    var src = src
    for j in 0..<configuration.convolutionsPerBlock {
      // The backward pass reads them again.
      let convolved =
        plan.mode == .training
        ? plan.activation(size: size, channels: channels) : plan.shared(0, size: size, channels: channels)
      let isLast = j == configuration.convolutionsPerBlock - 1
      if isLast, let lastDst {
        units.append(
          try NormalisedConvolution(stage: name, index: j, src: src, convolved: convolved, dst: lastDst, plan: plan))
      } else {
        let dst = dst(size: size, channels: channels)
        units.append(
          try NormalisedConvolution(stage: name, index: j, src: src, convolved: convolved, dst: dst.view, plan: plan))
        src = dst
      }
    }
    return (Stage(upsampling: nil, units: units), src)
  }

  /// What a part writes for the next one alone. Inference needs it no longer than that: all convolutions write to one block and read
  /// from the other, which normalisation and pooling write to.
  private func dst(size: Int, channels: Int) -> Activation {
    plan.mode == .training
      ? plan.activation(size: size, channels: channels) : plan.shared(1, size: size, channels: channels)
  }

  /// Gradients of dense activations alternate between both blocks; those of concatenated buffers have bytes of their
  /// own, because the half that belongs to the skip is read again when the encoder's turn comes.
  private func wireBackward(_ parts: inout Parts, lastDst: Activation) throws {
    var turn = 0
    var diffDst = plan.shared(turn, size: lastDst.size, channels: lastDst.channels)
    func next(size: Int, channels: Int) -> Activation {
      turn = 1 - turn
      return plan.shared(turn, size: size, channels: channels)
    }
    parts.heads.planBackward(diffSrc: diffDst)

    var diffConcatenated: [Int: Activation] = [:]
    for i in parts.decoder.indices.reversed() {
      let level = parts.decoder.count - 1 - i
      let channels = configuration.channels(stage: level)
      let size = configuration.imageSize >> level
      for (j, unit) in parts.decoder[i].units.enumerated().reversed() {
        let diffSrc = j > 0 ? next(size: size, channels: channels) : plan.activation(size: size, channels: 2 * channels)
        try unit.planBackward(diffDst: diffDst, diffSrc: diffSrc)
        diffDst = diffSrc
      }
      let wide = diffDst
      diffConcatenated[level] = wide
      let diffUpsampled = next(size: size, channels: channels)
      diffDst = next(size: size / 2, channels: 2 * channels)
      try parts.decoder[i].upsampling?.planBackward(
        diffDst: wide.slice(channels: 0..<channels), diffUpsampled: diffUpsampled, diffSrc: diffDst)
    }
    for i in parts.encoder.indices.reversed() {
      let channels = configuration.channels(stage: i)
      let size = configuration.imageSize >> i
      for (j, unit) in parts.encoder[i].units.enumerated().reversed() {
        let diffSrc: Activation? =
          j > 0
          ? next(size: size, channels: channels) : i > 0 ? next(size: size, channels: channels / 2) : nil
        try unit.planBackward(diffDst: diffDst, diffSrc: diffSrc)
        if let diffSrc { diffDst = diffSrc }
      }
      guard i > 0, let wide = diffConcatenated[i - 1] else { continue }
      let half = channels / 2
      let diffSrc = next(size: 2 * size, channels: half)
      parts.poolings[i - 1].planBackward(
        diffDst: diffDst, diffSkip: wide.slice(channels: half..<2 * half), diffSrc: diffSrc)
      diffDst = diffSrc
    }
  }
}
