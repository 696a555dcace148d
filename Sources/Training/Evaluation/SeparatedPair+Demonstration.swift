package import Dataset
package import Model

extension SeparatedPair {
  /// Separates the first `count` test pairs of `seed` with `weights` and writes a picture of them to `path`, as one change. Local.
  ///
  /// Throws ``FileError``, or what oneDNN reports.
  package static func demonstrate(
    _ count: Int, of sources: SourceData, seed: UInt64, weights: NetworkWeights, precision: Precision, path: String
  ) throws -> [SeparatedPair] {
    let predictor = try Predictor(
      configuration: weights.configuration, values: weights.values, precision: precision)
    let generator = MixingGenerator(
      sources: sources, stream: .test, seed: seed, imageSize: weights.configuration.imageSize)
    let pairs = try separate(Array(0..<count), round: 0, predictor: predictor, generator: generator)
    try FileSystem.writeAtomically(try PictureGrid(rows: pairs.map(\.row)).picture.pngBytes(), to: path)
    return pairs
  }
}
