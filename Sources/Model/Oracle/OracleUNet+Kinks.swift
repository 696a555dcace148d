extension OracleUNet {
  /// How far from a ReLU's kink `moveAwayFromKinks` keeps every value of a batch: a few times what rounding to f32 adds up to in the deepest layer.
  package static let kinkMargin = 5e-5

  /// Moves betas and head biases by as little as it takes (about 5e-5) so that no value of the training pass over `input`
  /// lies within `kinkMargin` of zero where a ReLU follows.
  ///
  /// A step from such weights has one gradient: rounding cannot push a value to the other side of a kink, where the
  /// gradient jumps. The new values are exact in f32. A network whose values leave no gap keeps some of its kinks.
  package func moveAwayFromKinks(input: [Double], statistics: NormalisationStatistics = .batch()) {
    let pass = OraclePass(
      layout: layout, values: values, training: true, statistics: statistics, kinkMargin: Self.kinkMargin)
    _ = pass.forward(input)
    values = pass.values
  }
}

extension OraclePass {
  /// Moves the elements of the tensor `bias` that is about to be added to `data` away from the values that would end
  /// near zero. Does nothing without a kink margin.
  func avoidKinks(of data: [Double], channels: Int, bias: String) {
    guard let kinkMargin else { return }
    // A rounding of the new bias to f32 must not eat up the margin.
    let margin = 1.1 * kinkMargin
    var moved = Array(weights(bias))
    for c in moved.indices {
      let near = stride(from: c, to: data.count, by: channels).map { -data[$0] }
        .filter { abs($0 - moved[c]) < 0.05 }.sorted()
      moved[c] = Self.nearestClear(moved[c], of: near, margin: margin)
    }
    setWeights(bias, moved)
  }

  /// The f32 number nearest to `value` that keeps `margin` from every element of the sorted `obstacles`; `value` itself
  /// where there is none.
  static func nearestClear(_ value: Double, of obstacles: [Double], margin: Double) -> Double {
    guard obstacles.contains(where: { abs($0 - value) < margin }) else { return value }
    var best: Double?
    func consider(_ candidate: Double) {
      if best.map({ abs(candidate - value) < abs($0 - value) }) ?? true { best = candidate }
    }
    // The first obstacle's left side, the last one's right side, and every gap wide enough between two.
    if let first = obstacles.first { consider(first - margin) }
    if let last = obstacles.last { consider(last + margin) }
    for (a, b) in zip(obstacles, obstacles.dropFirst()) where b - a > 2 * margin {
      consider(a + margin)
      consider(b - margin)
    }
    return best.map { Double(Float($0)) } ?? value
  }
}
