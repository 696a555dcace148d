extension SafeTensorsFile {
  /// The tensors of a network's weight file in layout order: `values[range]` of each, named `prefix` + name.
  package static func weights(
    _ values: AlignedBuffer<Float>, layout: ParameterLayout, prefix: String = ""
  ) -> [Tensor] {
    precondition(values.count >= layout.count, "\(values.count) values for a network of \(layout.count)")
    return layout.tensors.map { tensor in
      Tensor(name: prefix + tensor.name, shape: tensor.shape, values: values.array(tensor.range))
    }
  }

  /// The metadata that says which head comes first (the keys of a safetensors file have no order) and how large pictures are.
  package static func metadata(of configuration: UNetConfiguration) -> [String: String] {
    [
      "heads": configuration.heads.joined(separator: ","), "image_size": "\(configuration.imageSize)",
      "picture_side": "\(configuration.pictureSide)",
    ]
  }

  /// A whole weight file of a network: its tensors, `metadata`, and the order of its heads.
  package init(weights values: AlignedBuffer<Float>, layout: ParameterLayout, metadata: [String: String] = [:]) {
    self.init(
      tensors: Self.weights(values, layout: layout),
      metadata: metadata.merging(Self.metadata(of: layout.configuration)) { _, own in own })
  }

  /// Fills `values[0..<layout.count]` from the tensors named `prefix` + name.
  ///
  /// Everything is checked before the first element is written. Throws, naming the first wrong tensor, `missingTensor`,
  /// `wrongShape`, `wrongDtype` (anything but F32), `nonFinite`, `negativeVariance`, or `unexpectedTensor` for one that only a larger
  /// network would have. Tensors outside the network's names are left alone.
  package func loadWeights(
    into values: AlignedBuffer<Float>, layout: ParameterLayout, prefix: String = ""
  ) throws(SafeTensorsError) {
    precondition(values.count >= layout.count, "\(values.count) values for a network of \(layout.count)")
    values.copy(try weightValues(layout: layout, prefix: prefix))
  }

  /// The weights in layout order, checked and reported as `loadWeights` says.
  package func weightValues(layout: ParameterLayout, prefix: String = "") throws(SafeTensorsError) -> [Float] {
    try checkShapes(layout, prefix: prefix)
    var result: [Float] = []
    result.reserveCapacity(layout.count)
    for expected in layout.tensors {
      let floats = try tensor(prefix + expected.name).floats()
      if let bad = floats.firstIndex(where: { !$0.isFinite }) {
        throw .nonFinite(path: path, tensor: prefix + expected.name, index: bad)
      }
      if expected.role == .movingVariance, let bad = floats.firstIndex(where: { $0 < 0 }) {
        throw .negativeVariance(path: path, tensor: prefix + expected.name, index: bad)
      }
      result.append(contentsOf: floats)
    }
    return result
  }

  /// The configuration of the network whose weights stand under `prefix`, from names, shapes and the metadata `heads`.
  ///
  /// Sizes of pictures that the metadata does not tell are the published ones. Without `heads` the heads `mnist` and `fashion` come in
  /// this order and any others throw `unknownHeadOrder`.
  /// Throws `notANetwork` where the names do not make a network, else as `loadWeights` for the first wrong tensor.
  package func inferredConfiguration(prefix: String = "") throws(SafeTensorsError) -> UNetConfiguration {
    let first = prefix + "encoder.0.conv.0.weight"
    guard let kernel = self[first] else {
      throw .notANetwork(path: path, problem: "there is no tensor \(first.debugDescription)")
    }
    guard kernel.shape.dropFirst() == [1, 3, 3], kernel.shape[0] > 0 else {
      throw .notANetwork(path: path, problem: "\(first.debugDescription) is not a 3x3 kernel over one channel")
    }
    // Sizes of tensors follow from it, and must not overflow.
    guard kernel.shape[0] <= UNetConfiguration.maximumBaseChannels else {
      throw .notANetwork(
        path: path,
        problem: "\(kernel.shape[0]) base channels are more than \(UNetConfiguration.maximumBaseChannels)")
    }
    let blocks = count(after: prefix + "encoder.")
    // A picture of 32x32 can be halved five times.
    guard blocks <= 6 else { throw .notANetwork(path: path, problem: "\(blocks) encoder stages are too many") }
    let convolutions = count(after: prefix + "encoder.0.conv.")
    guard convolutions <= UNetConfiguration.maximumConvolutionsPerBlock else {
      throw .notANetwork(
        path: path,
        problem: "\(convolutions) convolutions a stage are more than \(UNetConfiguration.maximumConvolutionsPerBlock)")
    }
    var configuration = UNetConfiguration(
      baseChannels: kernel.shape[0], blocks: blocks, convolutionsPerBlock: convolutions,
      heads: try heads(prefix: prefix))
    if let size = try number("image_size") { configuration.imageSize = size }
    if let side = try number("picture_side") { configuration.pictureSide = side }
    if let problem = configuration.headsProblem ?? configuration.sizeProblem {
      throw .notANetwork(path: path, problem: problem)
    }
    try checkShapes(ParameterLayout(configuration), prefix: prefix)
    return configuration
  }

  /// The number under `key` in the metadata; nil where there is none.
  private func number(_ key: String) throws(SafeTensorsError) -> Int? {
    guard let text = metadata[key] else { return nil }
    guard let number = Int(text) else {
      throw .notANetwork(path: path, problem: "the metadata's \(key) is \(SafeTensorsError.quoted(text))")
    }
    return number
  }

  /// One more than the largest number that follows `begin` in a name. By the largest, not by the first one lacking, so
  /// that a tensor that is missing is the one reported.
  private func count(after begin: String) -> Int {
    let numbers = tensors.lazy.filter { $0.name.hasPrefix(begin) }
      .compactMap { Int($0.name.dropFirst(begin.count).prefix { $0 != "." }) }
    return (numbers.filter { (0..<tensors.count).contains($0) }.max() ?? -1) + 1
  }

  private func heads(prefix: String) throws(SafeTensorsError) -> [String] {
    let begin = prefix + "head."
    let names = Set(tensors.lazy.map(\.name).filter { $0.hasPrefix(begin) }.map { $0.dropFirst(begin.count) })
    let found = Set(
      [".weight", ".bias"].flatMap { end in names.filter { $0.hasSuffix(end) }.map { String($0.dropLast(end.count)) } })
    guard found.count == 2 else {
      throw .notANetwork(path: path, problem: "\(found.count) heads where a network has 2")
    }
    if let recorded = metadata["heads"] {
      let names = recorded.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard names.sorted() == found.sorted() else {
        throw .notANetwork(
          path: path, problem: "the metadata names the heads \(SafeTensorsError.quoted(recorded)), the tensors do not")
      }
      return names
    }
    let usual = ["mnist", "fashion"]
    guard found.sorted() == usual.sorted() else {
      throw .unknownHeadOrder(path: path, heads: found.sorted())
    }
    return usual
  }

  private func checkShapes(_ layout: ParameterLayout, prefix: String) throws(SafeTensorsError) {
    var known: Set<String> = []
    for expected in layout.tensors {
      let name = prefix + expected.name
      known.insert(name)
      let found = try tensor(name)
      guard found.shape == expected.shape else {
        throw .wrongShape(path: path, tensor: name, expected: expected.shape, found: found.shape)
      }
      guard found.dtype == "F32" else {
        throw .wrongDtype(path: path, tensor: name, expected: "F32", found: found.dtype)
      }
    }
    let parts = ["encoder.", "decoder.", "head."].map { prefix + $0 }
    for tensor in tensors where !known.contains(tensor.name) && parts.contains(where: tensor.name.hasPrefix) {
      throw .unexpectedTensor(path: path, tensor: tensor.name)
    }
  }
}
