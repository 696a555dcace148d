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
    case .loss:
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

  /// The bounds of `tensor`, which `reference` must hold.
  ///
  /// A computed reference knows how far right programs are off at its own weights. Six times the root mean square of that
  /// joins the table's bound, which was made for weights away from the kinks.
  static func of(_ tensor: ComparedTensor, in reference: ReferenceStep, precision: Precision) -> StepTolerance {
    var tolerance = of(tensor.quantity, precision: precision)
    let ambiguity = reference.ambiguities[tensor.name] ?? ReferenceStep.Ambiguity()
    tolerance.maximum? += 6 * ambiguity.maximum
    tolerance.relative? += 6 * ambiguity.relative
    return tolerance.meaningful(reference: reference.tensors[tensor.name]!.values)
  }

  /// The bounds for a reference that may be all zeros (a dead head's gradient), where a relative error says nothing: its
  /// relative bound counts as an absolute one.
  func meaningful(reference: [Double]) -> StepTolerance {
    guard let relative, reference.allSatisfy({ $0 == 0 }) else { return self }
    return StepTolerance(maximum: min(maximum ?? .infinity, relative), movement: movement)
  }
}
