package import Model

extension ReferenceStep {
  /// Roundings that are drawn to see how far a right program may be off.
  static let draws = 4
  /// Lead of a pooling window's maximum, and distance of a value from its ReLU's kink, that f32 may not see.
  static let margin = 3e-6

  /// Computes the step in plain f64 loops inside the program, for any network and any weights.
  ///
  /// `weights` in layout order, `input` `[n,size,size]`, `targets` `[heads,n,size,size]`. So that the step has one gradient in
  /// f64 and in f32, betas and head biases first move away from ReLU's kinks by about 5e-5
  /// (`OracleUNet.moveAwayFromKinks`); `param.*` holds the moved ones. With `keepingWeights` they stay as they are.
  ///
  /// With a `precision` the step is computed several times more, rounded as a program of that precision rounds, for the
  /// distances of right answers from the exact one. Some ten seconds for the published network.
  ///
  /// More than one of the `steps` means little to a program that rounds: from the second on weights have moved, values lie
  /// at kinks again, and two right programs drift apart (losses by up to 3e-4 in f32).
  package init(
    computedFor configuration: UNetConfiguration, weights: [Float], input: [Float], targets: [Float],
    precision: Precision?, steps: Int = 1, keepingWeights: Bool = false
  ) {
    layout = ParameterLayout(configuration)
    batch = input.count / configuration.pixelCount
    self.steps = steps
    precondition(
      batch > 0 && targets.count == configuration.heads.count * input.count,
      "\(targets.count) target pixels for \(input.count) pixels")

    let oracle = OracleUNet(configuration: configuration, values: weights.map(Double.init))
    let (input, targets) = (input.map(Double.init), targets.map(Double.init))
    if !keepingWeights { oracle.moveAwayFromKinks(input: input) }
    let start = oracle.values

    var record = StepRecord(oracle: oracle, batch: batch)
    record.set("input", record.images, input)
    record.setHeads("target", targets)
    record.setWeights("param", start) { _ in true }
    record.run(input: input, targets: targets, steps: steps)
    tensors = record.tensors

    guard let precision else { return }
    var variations = (0..<Self.draws).map { OracleVariation.rounded(precision, draw: UInt64($0)) }
    if precision == .f32 { variations.append(.otherSide(margin: Self.margin)) }
    var squares: [String: Ambiguity] = [:]
    for variation in variations {
      var other = StepRecord(
        oracle: OracleUNet(configuration: configuration, values: start, variation: variation), batch: batch)
      other.run(input: input, targets: targets, steps: steps)
      for (name, tensor) in other.tensors {
        let distance = Ambiguity(of: tensor.values, from: tensors[name]!.values)
        squares[name, default: Ambiguity()].maximum += distance.maximum * distance.maximum
        squares[name, default: Ambiguity()].relative += distance.relative * distance.relative
      }
    }
    ambiguities = squares.mapValues { sum in
      Ambiguity(
        maximum: (sum.maximum / Double(Self.draws)).squareRoot(),
        relative: (sum.relative / Double(Self.draws)).squareRoot())
    }
  }
}

extension ReferenceStep.Ambiguity {
  /// The distance of `values` from `reference`.
  fileprivate init(of values: [Double], from reference: [Double]) {
    var (squares, norm) = (0.0, 0.0)
    for (a, b) in zip(values, reference) {
      maximum = max(maximum, abs(a - b))
      squares += (a - b) * (a - b)
      norm += b * b
    }
    relative = norm > 0 ? (squares / norm).squareRoot() : 0
  }
}

/// Runs an oracle's steps and keeps what a reference holds of them.
private struct StepRecord {
  let oracle: OracleUNet
  /// Shape of a batch of pictures.
  let images: [Int]
  var tensors: [String: ReferenceStep.Tensor] = [:]

  private var heads: [String] { oracle.layout.configuration.heads }

  init(oracle: OracleUNet, batch: Int) {
    self.oracle = oracle
    let size = oracle.layout.configuration.imageSize
    images = [batch, 1, size, size]
  }

  mutating func run(input: [Double], targets: [Double], steps: Int) {
    let layout = oracle.layout
    setHeads("eval", oracle.predict(input: input))
    for step in 1...steps {
      let result = oracle.step(input: input, targets: targets)
      for (h, head) in heads.enumerated() { set("loss_\(head).step\(step)", [1], [result.losses[h]]) }
      if step == 1 {
        setHeads("output", result.predictions)
        setWeights("grad", result.gradients) { $0.range.upperBound <= layout.trainedCount }
        for (name, statistics) in result.batchStatistics {
          set("batch.\(name).mean", [statistics.mean.count], statistics.mean)
          set("batch.\(name).variance", [statistics.variance.count], statistics.variance)
        }
      }
      oracle.update(gradients: result.gradients, learningRate: ReferenceStep.learningRate)
      if step == 1 { setWeights("after1", oracle.values) { _ in true } }
      if step == 3 { setWeights("after3", oracle.values) { ComparedTensor.isKeptAfterThreeSteps($0, layout: layout) } }
    }
  }

  mutating func set(_ name: String, _ shape: [Int], _ values: [Double]) {
    tensors[name] = ReferenceStep.Tensor(shape: shape, values: values)
  }

  mutating func setHeads(_ name: String, _ values: [Double]) {
    let count = values.count / heads.count
    for (h, head) in heads.enumerated() { set("\(name).\(head)", images, Array(values[h * count..<(h + 1) * count])) }
  }

  mutating func setWeights(_ name: String, _ values: [Double], where isIncluded: (ParameterLayout.Tensor) -> Bool) {
    for tensor in oracle.layout.tensors where isIncluded(tensor) {
      set("\(name).\(tensor.name)", tensor.shape, Array(values[tensor.range]))
    }
  }
}
