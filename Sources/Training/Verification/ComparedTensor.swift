package import Model

/// One tensor that a measured step and its reference must agree on.
package struct ComparedTensor: Sendable, Equatable {
  /// What the tensor is, as far as its tolerance asks.
  package enum Quantity: Sendable, Equatable {
    case prediction
    case loss
    case gradient
    /// Gradient of a bias that feeds a normalisation: 0 but for rounding.
    case normalisedBiasGradient
    case batchStatistic
    case movingStatisticAfterOne, kernelAfterOne, smallAfterOne, normalisedBiasAfterOne
    case movingStatisticAfterThree, kernelAfterThree, smallAfterThree, biasAfterThree, normalisedBiasAfterThree
  }

  /// Its name in a reference.
  package let name: String
  /// Sizes, outermost first.
  package let shape: [Int]
  /// What it is.
  package let quantity: Quantity
  /// `param.<part>` where it is a weight after some steps.
  package let before: String?

  /// Elements.
  package var count: Int { shape.reduce(1, *) }

  /// Everything that is compared for a network and a batch, in a fixed order.
  ///
  /// - `eval.<head>`, `output.<head>`: predictions before the step and of the first training pass, `[n,1,32,32]`
  /// - `loss_<head>.step<1,2,3>`: mean squared errors before update 1, 2, 3
  /// - `grad.<part>`: every trained tensor's gradient at step 1
  /// - `batch.<layer>.mean`, `.variance`: batch statistics at step 1
  /// - `after1.<part>`: all weights after one step
  /// - `after3.<part>`, of three steps: after the last, where `isKeptAfterThreeSteps`; further ones that `extras` names are added
  package static func all(
    layout: ParameterLayout, batch: Int, steps: Int, extras: Set<String> = []
  ) -> [ComparedTensor] {
    let heads = layout.configuration.heads
    let size = layout.configuration.imageSize
    let images = [batch, 1, size, size]
    var result: [ComparedTensor] = []
    func add(_ name: String, _ shape: [Int], _ quantity: Quantity, before: String? = nil) {
      result.append(ComparedTensor(name: name, shape: shape, quantity: quantity, before: before))
    }
    for kind in ["eval", "output"] {
      for head in heads { add("\(kind).\(head)", images, .prediction) }
    }
    for step in 1...steps {
      for head in heads { add("loss_\(head).step\(step)", [1], .loss) }
    }
    for tensor in layout.tensors where tensor.range.upperBound <= layout.trainedCount {
      add("grad.\(tensor.name)", tensor.shape, tensor.role == .normalisedBias ? .normalisedBiasGradient : .gradient)
    }
    for tensor in layout.tensors {
      if let part = tensor.batchStatistic { add("batch.\(part)", tensor.shape, .batchStatistic) }
    }
    for tensor in layout.tensors {
      add("after1.\(tensor.name)", tensor.shape, tensor.role.afterOne, before: "param.\(tensor.name)")
    }
    for tensor in layout.tensors where steps == 3 {
      let name = "after3.\(tensor.name)"
      guard isKeptAfterThreeSteps(tensor, layout: layout) || extras.contains(name) else { continue }
      add(name, tensor.shape, tensor.role.afterThree, before: "param.\(tensor.name)")
    }
    return result
  }

  /// Whether every reference holds `after3.<tensor>`: all but the large kernels of the inner stages.
  package static func isKeptAfterThreeSteps(_ tensor: ParameterLayout.Tensor, layout: ParameterLayout) -> Bool {
    switch tensor.role {
    case .convolutionWeight, .transposedWeight:
      ["encoder.0.", "encoder.1.conv.0.", "decoder.\(layout.configuration.blocks - 2).", "head."]
        .contains(where: tensor.name.hasPrefix)
    default: true
    }
  }
}

extension ParameterLayout.Tensor {
  /// "encoder.0.bn.0.mean" for "encoder.0.bn.0.moving_mean", likewise the variance; nil for all others.
  fileprivate var batchStatistic: String? {
    let layer = name.split(separator: ".").dropLast().joined(separator: ".")
    return switch role {
    case .movingMean: layer + ".mean"
    case .movingVariance: layer + ".variance"
    default: nil
    }
  }
}

extension ParameterLayout.Role {
  fileprivate var afterOne: ComparedTensor.Quantity {
    switch self {
    case .convolutionWeight, .transposedWeight: .kernelAfterOne
    case .normalisedBias: .normalisedBiasAfterOne
    case .gamma, .beta, .bias: .smallAfterOne
    case .movingMean, .movingVariance: .movingStatisticAfterOne
    }
  }

  fileprivate var afterThree: ComparedTensor.Quantity {
    switch self {
    case .convolutionWeight, .transposedWeight: .kernelAfterThree
    case .normalisedBias: .normalisedBiasAfterThree
    case .gamma, .beta: .smallAfterThree
    case .bias: .biasAfterThree
    case .movingMean, .movingVariance: .movingStatisticAfterThree
    }
  }
}
