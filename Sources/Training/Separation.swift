package import Model

/// Mixed pictures on their way through a network: read, separated, written.
///
/// An input is a grey PNG of 28x28 or 32x32 pixels, or a safetensors file (by its name's end) with a tensor `mixed`
/// [N,32,32] f32 of intensities from 0 to 1. Everything is read and checked before anything is written.
package struct Separation {
  /// One input.
  struct Source {
    enum Kind: Equatable {
      /// A picture of `side`x`side` pixels.
      case picture(side: Int)
      case batch
    }

    let path: String
    let kind: Kind
    /// [count, 32, 32], intensities.
    let mixed: [Float]
    var count: Int { mixed.count / UNetConfiguration.pixelCount }
    /// Where the results go, one file for each head or one for all.
    let results: [String]
  }

  private let sources: [Source]
  private let heads: [String]
  private let folder: String

  /// Reads `inputs`. The results of `NAME.png` go to `folder` as `NAME-HEAD.png` for each of `heads`, those of a batch as
  /// `predictions.safetensors`.
  ///
  /// Throws ``SeparationError``, `DatasetError` for a picture that cannot be read, `SafeTensorsError` for a batch.
  package init(inputs: [String], heads: [String], folder: String) throws {
    precondition(heads.count == 2, "\(heads.count) heads")
    (self.heads, self.folder) = (heads, folder)
    sources = try inputs.map { try Source(path: $0, heads: heads, folder: folder) }
    try checkResults()
  }

  /// Pictures in all inputs.
  package var count: Int { sources.reduce(0) { $0 + $1.count } }

  /// The files that `run` writes, in the order of the inputs.
  package var results: [String] { sources.flatMap(\.results) }

  /// Separates everything with `weights`, whose heads must be those given before, and writes the results, each as one
  /// change; `folder` is made where it is missing. Local.
  ///
  /// Throws ``SeparationError/nonFinitePrediction(path:)``, ``FileError``, or what oneDNN reports.
  package func run(weights: NetworkWeights, precision: Precision) throws {
    precondition(weights.configuration.heads == heads, "weights of \(weights.configuration.heads), not \(heads)")
    let predictor = try Predictor(
      configuration: weights.configuration, values: weights.values, precision: precision)
    try FileSystem.makeDirectories(folder)
    for source in sources {
      var predictions = [Float](repeating: 0, count: 2 * source.mixed.count)
      try unsafe source.mixed.withUnsafeBufferPointer { mixed in
        try unsafe predictions.withUnsafeMutableBufferPointer { try unsafe predictor.predict(mixed: mixed, into: $0) }
      }
      guard predictions.allSatisfy(\.isFinite) else { throw SeparationError.nonFinitePrediction(path: source.path) }
      let separated = [
        Array(predictions[..<source.mixed.count]), Array(predictions[source.mixed.count...]),
      ]
      try source.write(separated, heads: heads)
    }
  }

  /// Throws where a result would overwrite another one or an input.
  private func checkResults() throws(SeparationError) {
    var owners: [String: String] = [:]
    for source in sources { owners[FileSystem.resolved(source.path)] = source.path }
    for source in sources {
      for result in source.results {
        if let owner = owners.updateValue(source.path, forKey: FileSystem.resolved(result)) {
          throw .sameFile(path: result, first: owner, second: source.path)
        }
      }
    }
  }
}
