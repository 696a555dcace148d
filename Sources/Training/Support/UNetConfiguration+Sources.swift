package import Dataset
package import Model

extension UNetConfiguration {
  /// Takes the names and sizes of `sources`: a network for them has a head for each.
  package mutating func fit(_ sources: SourceData) {
    heads = sources.names
    fit(pictureSide: sources.pictureSide)
  }

  /// Why a network of this shape cannot work on `sources`; nil where it can.
  package func problem(with sources: SourceData) -> String? {
    guard heads == sources.names else {
      return "these weights separate \(heads[0]) and \(heads[1]), not \(sources.names[0]) and \(sources.names[1])"
    }
    guard sources.pictureSide <= imageSize else {
      return
        "these weights separate pictures of up to \(imageSize)x\(imageSize) pixels, and some are \(sources.pictureSide) long"
    }
    return nil
  }
}
