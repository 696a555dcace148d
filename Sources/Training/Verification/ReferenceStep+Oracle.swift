package import Model

extension ReferenceStep {
  /// Computes the step in plain f64 loops inside the program, for any network and any weights.
  ///
  /// `weights` in layout order, `input` `[n,32,32]`, `targets` `[heads,n,32,32]`. So that the step has one gradient in
  /// f64 and in f32, betas and head biases first move away from ReLU's kinks by about 5e-5
  /// (`OracleUNet.moveAwayFromKinks`); `param.*` holds the moved ones. With `keepingWeights` they stay as they are.
  /// Takes seconds for the published network.
  package init(
    computedFor configuration: UNetConfiguration, weights: [Float], input: [Float], targets: [Float],
    keepingWeights: Bool = false
  ) {
    let layout = ParameterLayout(configuration)
    self.layout = layout
    batch = input.count / UNetConfiguration.pixelCount
    arbitraryWeights = true
    tensors = [:]
    let images = [batch, 1, UNetConfiguration.imageSize, UNetConfiguration.imageSize]
    precondition(
      batch > 0 && targets.count == configuration.heads.count * input.count,
      "\(targets.count) target pixels for \(input.count) pixels")

    let oracle = OracleUNet(configuration: configuration, values: weights.map(Double.init))
    let (input, targets) = (input.map(Double.init), targets.map(Double.init))
    if !keepingWeights { oracle.moveAwayFromKinks(input: input) }

    // Takes the same steps from the same weights with the runners-up of near ties.
    let other = OracleUNet(configuration: configuration, values: oracle.values)

    set("input", images, input)
    setHeads("target", images, targets)
    setWeights("param", oracle.values) { _ in true }
    setHeads("eval", images, oracle.predict(input: input))
    for step in 1...Self.steps {
      let result = oracle.step(input: input, targets: targets)
      let otherResult = other.step(input: input, targets: targets, tieMargin: OracleUNet.tieMargin)
      for (h, head) in configuration.heads.enumerated() {
        set("loss_\(head).step\(step)", [1], [result.losses[h]])
        setAmbiguity("loss_\(head).step\(step)", otherResult.losses[h...h], result.losses[h...h])
      }
      if step == 1 {
        setHeads("output", images, result.predictions)
        setWeights("grad", result.gradients) { $0.range.upperBound <= layout.trainedCount }
        for (name, statistics) in result.batchStatistics {
          set("batch.\(name).mean", [statistics.mean.count], statistics.mean)
          set("batch.\(name).variance", [statistics.variance.count], statistics.variance)
        }
      }
      oracle.update(gradients: result.gradients, learningRate: Self.learningRate)
      other.update(gradients: otherResult.gradients, learningRate: Self.learningRate)
      if step != 2 { setAmbiguities("after\(step)", other.values, oracle.values) }
      if step == 1 {
        setWeights("after1", oracle.values) { _ in true }
        gradientNorm = result.gradients.reduce(0) { $0 + $1 * $1 }.squareRoot()
        setAmbiguities("grad", otherResult.gradients, result.gradients)
      }
      if step == 3 { setWeights("after3", oracle.values) { ComparedTensor.isKeptAfterThreeSteps($0, layout: layout) } }
    }
  }

  private mutating func set(_ name: String, _ shape: [Int], _ values: [Double]) {
    tensors[name] = Tensor(shape: shape, values: values)
  }

  private mutating func setHeads(_ name: String, _ shape: [Int], _ values: [Double]) {
    let count = values.count / configuration.heads.count
    for (h, head) in configuration.heads.enumerated() {
      set("\(name).\(head)", shape, Array(values[h * count..<(h + 1) * count]))
    }
  }

  private mutating func setWeights(
    _ name: String, _ values: [Double], where isIncluded: (ParameterLayout.Tensor) -> Bool
  ) {
    for tensor in layout.tensors where isIncluded(tensor) {
      set("\(name).\(tensor.name)", tensor.shape, Array(values[tensor.range]))
    }
  }

  private mutating func setAmbiguities(_ name: String, _ other: [Double], _ values: [Double]) {
    for tensor in layout.tensors where tensor.range.upperBound <= values.count {
      setAmbiguity("\(name).\(tensor.name)", other[tensor.range], values[tensor.range])
    }
  }

  private mutating func setAmbiguity(_ name: String, _ other: ArraySlice<Double>, _ values: ArraySlice<Double>) {
    let distance = zip(other, values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let norm = values.reduce(0) { $0 + $1 * $1 }
    ambiguities[name] = Ambiguity(
      maximum: zip(other, values).reduce(0) { max($0, abs($1.0 - $1.1)) },
      relative: norm > 0 ? (distance / norm).squareRoot() : 0)
  }
}
