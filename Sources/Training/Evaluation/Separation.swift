package import Model

/// Mixed pictures on their way through a network: read, separated, written.
///
/// An input is a PNG, or a safetensors file (by its name's end) with a tensor `mixed` [N,size,size] f32 of intensities from 0 to 1.
/// Everything is read and checked before anything is written.
package struct Separation {
  /// One input.
  struct Source {
    enum Kind: Equatable {
      /// A picture whose middle `side`x`side` pixels are results.
      case picture(side: Int)
      case batch
    }

    var path: String
    var kind: Kind
    /// [count, size, size], intensities.
    var mixed: [Float]
    /// What it was mixed from, both heads' like `mixed`; nil where nobody says.
    var truth: [[Float]]?
    /// Where the results go, one file for each head or one for all.
    var results: [String]
    /// Where the mixed picture goes, where this program mixed it.
    var mixedResult: String?
    /// What was done to the input, in words.
    var note: String?

    /// The side of what passes through the network.
    var size: Int
    var count: Int { mixed.count / (size * size) }
    var files: [String] { (mixedResult.map { [$0] } ?? []) + results }
  }

  private let sources: [Source]
  private let network: UNetConfiguration
  private let request: SeparationRequest

  private var heads: [String] { network.heads }

  /// Reads what `request` names, for a network of the shape `network`. The results of `NAME.png` are `NAME-HEAD.png` for each of its heads, those of a batch
  /// `predictions.safetensors`, those of A.png and B.png mixed `A-B-mixed.png` and `A-B-HEAD.png`.
  ///
  /// Throws ``SeparationError``, `DatasetError` for a picture that cannot be read, `SafeTensorsError` for a batch.
  package init(_ request: SeparationRequest, network: UNetConfiguration) throws {
    precondition(network.heads.count == 2, "\(network.heads.count) heads")
    precondition([0, 2].contains(request.mix.count), "\(request.mix.count) pictures to mix")
    precondition([0, 2].contains(request.truth.count), "\(request.truth.count) true pictures")
    (self.network, self.request) = (network, request)
    var sources = try request.inputs.map { try Source(path: $0, network: network, folder: request.folder) }
    if request.mix.count == 2 {
      sources.append(try Source(mixing: request.mix, network: network, folder: request.folder))
    }
    if request.truth.count == 2 {
      guard sources.count == 1, sources[0].kind != .batch else { throw SeparationError.truthOfSeveral }
      try sources[0].take(truth: request.truth, network: network)
    }
    self.sources = sources
    try checkResults()
  }

  /// Pictures in all inputs.
  package var count: Int { sources.reduce(0) { $0 + $1.count } }

  /// The files that `run` writes, in the order of the inputs.
  package var results: [String] { sources.flatMap(\.files) }

  /// What was done to inputs before they were separated, a line each.
  package var notes: [String] { sources.compactMap(\.note) }

  /// What is known when everything is separated.
  package struct Outcome: Sendable {
    /// Both heads' mean squared error over the pictures whose truth is known; nil where none is.
    package var errors: (first: Double, second: Double)?
    /// Those pictures.
    package var comparedCount: Int
  }

  /// Separates everything with `weights`, whose shape must be the one given before, and writes the results, each as one change;
  /// the folder is made where it is missing. `progress` hears how many pictures are written. Local.
  ///
  /// Throws ``SeparationError/nonFinitePrediction(path:)``, ``FileError``, or what oneDNN reports.
  package func run(
    weights: NetworkWeights, precision: Precision, progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    precondition(weights.configuration == network, "weights of \(weights.configuration), not \(network)")
    let predictor = try Predictor(
      configuration: weights.configuration, values: weights.values, precision: precision)
    try FileSystem.makeDirectories(request.folder)
    var (sums, compared, written) = ([0.0, 0.0], 0, 0)
    for range in batches(predictor.batch) {
      let group = sources[range]
      for (source, separated) in zip(group, try predict(group, predictor)) {
        guard separated.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
          throw SeparationError.nonFinitePrediction(path: source.path)
        }
        try source.write(separated, heads: heads)
        written += source.count
        guard let truth = source.truth else { continue }
        compared += source.count
        for head in 0..<2 {
          sums[head] += zip(separated[head], truth[head]).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        }
      }
      progress(written)
    }
    let values = Double(compared * network.pixelCount)
    return Outcome(errors: compared > 0 ? (sums[0] / values, sums[1] / values) : nil, comparedCount: compared)
  }

  /// Neighbouring sources whose pictures pass through the network together, `size` or more of them where there are as many.
  private func batches(_ size: Int) -> [Range<Int>] {
    var (batches, begin, pictures) = ([Range<Int>](), 0, 0)
    for (index, source) in sources.enumerated() {
      pictures += source.count
      if pictures >= size || index == sources.count - 1 {
        batches.append(begin..<index + 1)
        (begin, pictures) = (index + 1, 0)
      }
    }
    return batches
  }

  /// Both heads' predictions for each source, like its `mixed`.
  private func predict(_ group: ArraySlice<Source>, _ predictor: Predictor) throws -> [[[Float]]] {
    let mixed = group.flatMap(\.mixed)
    var predictions = [Float](repeating: 0, count: 2 * mixed.count)
    try unsafe mixed.withUnsafeBufferPointer { mixed in
      try unsafe predictions.withUnsafeMutableBufferPointer { try unsafe predictor.predict(mixed: mixed, into: $0) }
    }
    if request.projects {
      for (index, value) in mixed.enumerated() {
        let (first, second) = project(
          first: Double(predictions[index]), second: Double(predictions[mixed.count + index]), mixed: Double(value))
        (predictions[index], predictions[mixed.count + index]) = (Float(first), Float(second))
      }
    }
    var begin = 0
    return group.map { source in
      defer { begin += source.mixed.count }
      return [0, mixed.count].map { Array(predictions[$0 + begin..<$0 + begin + source.mixed.count]) }
    }
  }

  /// Throws where a result would overwrite another one or an input.
  private func checkResults() throws(SeparationError) {
    var owners: [String: String] = [:]
    for path in request.inputs + request.mix + request.truth { owners[FileSystem.resolved(path)] = path }
    for source in sources {
      for result in source.files {
        if let owner = owners.updateValue(source.path, forKey: FileSystem.resolved(result)) {
          throw .sameFile(path: result, first: owner, second: source.path)
        }
      }
    }
  }
}
