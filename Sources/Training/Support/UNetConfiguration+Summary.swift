import Model

extension UNetConfiguration {
  /// Everything that decides the shapes of the weights, in words.
  var summary: String {
    "\(baseChannels) base channels, \(blocks) blocks of \(convolutionsPerBlock), heads \(heads.joined(separator: " and ")), "
      + "pictures of \(pictureSide) in \(imageSize)x\(imageSize)"
  }
}
