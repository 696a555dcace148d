package import Model

/// How far a measured tensor may lie from its reference; every bound given must hold.
package struct StepTolerance: Sendable, Equatable {
  /// Largest absolute difference of two elements.
  package var maximum: Double?
  /// |a - b|₂ / |b|₂, b the reference.
  package var relative: Double?
  /// Largest absolute difference of measured and reference elements each from the weight before the step.
  package var movement: Double?

  /// The bounds of `quantity` at `precision`.
  ///
  /// f32: what f32 Keras and f32 PyTorch keep with room to spare, down to 1e-6 where nothing amplifies rounding.
  /// bf16: twice the largest error seen of programs that multiply in bf16. A bias that feeds a normalisation has no such
  /// number: its gradient is 0, and Adam moves a weight by at most the learning rate a step whatever noise it is fed, so
  /// the bound on its movement, one learning rate a step, is the same in both precisions.
  package static func of(_ quantity: ComparedTensor.Quantity, precision: Precision) -> StepTolerance {
    let f32 = precision == .f32
    return switch quantity {
    case .prediction:
      StepTolerance(maximum: f32 ? 5e-5 : 1e-1, relative: f32 ? 1e-5 : 3e-2)
    case .loss, .laterLoss:
      StepTolerance(relative: f32 ? 5e-5 : 2e-2)
    case .gradient:
      StepTolerance(relative: f32 ? 3e-5 : 6e-2)
    case .normalisedBiasGradient:
      StepTolerance(maximum: f32 ? 1e-5 : 2e-6)
    case .batchStatistic, .movingStatisticAfterOne:
      StepTolerance(relative: f32 ? 1e-6 : 4e-3)
    case .kernelAfterOne:
      StepTolerance(maximum: f32 ? 1e-4 : 4e-3, relative: f32 ? 1e-5 : 1e-2)
    case .smallAfterOne:
      StepTolerance(maximum: f32 ? 1e-5 : 4e-3)
    case .normalisedBiasAfterOne:
      StepTolerance(movement: 1e-3)
    case .kernelAfterThree, .smallAfterThree:
      StepTolerance(maximum: f32 ? 5e-4 : 1e-2, relative: f32 ? 1e-4 : 1.8e-2)
    case .biasAfterThree:
      StepTolerance(maximum: f32 ? 5e-4 : 1e-2)
    case .movingStatisticAfterThree:
      StepTolerance(maximum: f32 ? 1e-4 : 6e-2)
    case .normalisedBiasAfterThree:
      StepTolerance(movement: 3e-3)
    }
  }

  /// How much wider the bounds are for a reference with `arbitraryWeights`.
  ///
  /// f32: step 1 is held to the table. Steps 2 and 3 start from weights whose kinks nobody moved; right programs then lie
  /// up to 3e-4 apart in the loss and 2e-3 (relative) in the weights. bf16: its rounding crosses kinks from the first
  /// step on. At initial weights, where a gradient is a small sum of large terms, a gradient is off by up to half of
  /// itself; the bound still refuses one that is zero, mirrored or of the wrong sign.
  static func widening(_ quantity: ComparedTensor.Quantity, precision: Precision) -> Double {
    switch (quantity, precision) {
    case (.normalisedBiasGradient, _), (.normalisedBiasAfterOne, _), (.normalisedBiasAfterThree, _): 1
    case (.laterLoss, .f32), (.movingStatisticAfterThree, .f32), (.kernelAfterThree, .f32), (.smallAfterThree, .f32),
      (.biasAfterThree, .f32):
      50
    case (_, .f32): 1
    case (.gradient, .bf16): 15
    case (_, .bf16): 5
    }
  }

  /// The bounds of `tensor`, which `reference` must hold, where they mean something.
  static func of(_ tensor: ComparedTensor, in reference: ReferenceStep, precision: Precision) -> StepTolerance {
    var tolerance = of(tensor.quantity, precision: precision)
    if reference.arbitraryWeights {
      let factor = widening(tensor.quantity, precision: precision)
      tolerance.maximum? *= factor
      tolerance.relative? *= factor
    }
    if let ambiguity = reference.ambiguities[tensor.name] {
      // Of several near ties any may go either way, so their sum is no bound; thrice it is a fair one.
      tolerance.maximum? += 3 * ambiguity.maximum
      tolerance.relative? += 3 * ambiguity.relative
    }
    let expected = reference.tensors[tensor.name]!.values
    if tensor.quantity == .gradient, precision == .bf16 {
      // bf16's noise is that of the whole gradient: a tensor with next to no share in it may be noise alone.
      let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 0 { tolerance.relative? += 0.02 * reference.gradientNorm / norm }
    }
    return tolerance.meaningful(
      reference: expected, before: tensor.before.map { reference.tensors[$0]!.values })
  }

  /// The bounds that mean something for this reference.
  ///
  /// A relative error says nothing where the true values vanish. Weights smaller (root mean square) than ten steps of
  /// Adam are made of those steps: their bound is the maximum alone. A reference of zeros only (a dead head's gradient)
  /// takes its relative bound as an absolute one.
  func meaningful(reference: [Double], before: [Double]?) -> StepTolerance {
    var result = self
    if let before, maximum != nil, rootMeanSquare(before) < 10 * ReferenceStep.learningRate {
      result.relative = nil
    }
    if let relative, reference.allSatisfy({ $0 == 0 }) {
      result.relative = nil
      result.maximum = min(maximum ?? .infinity, relative)
    }
    return result
  }

  private func rootMeanSquare(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(max(1, values.count))).squareRoot()
  }
}
