import Dataset
import Training

extension NetworkWeights {
  /// Throws ``UsageError`` where these weights are those of other sources than `pictures`, or of smaller pictures.
  func check(separates pictures: SourceData) throws {
    if let problem = configuration.problem(with: pictures) { throw UsageError(option: "--sources", reason: problem) }
  }
}
