import Dataset
import Training

extension NetworkWeights {
  /// Throws ``UsageError`` where these weights are those of other sources than `pictures`.
  func check(separates pictures: SourceData) throws {
    let (heads, names) = (configuration.heads, pictures.names)
    guard heads == names else {
      throw UsageError(
        option: "--sources",
        reason: "these weights separate \(heads[0]) and \(heads[1]), not \(names[0]) and \(names[1])")
    }
  }
}
