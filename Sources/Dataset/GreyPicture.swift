/// A grey picture of 8 bits a pixel.
package struct GreyPicture: Sendable, Equatable {
  package var width: Int
  package var height: Int
  /// [height, width], 0 is black.
  package var pixels: [UInt8]

  /// Traps unless both sides are positive and `pixels` holds width * height bytes.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture of \(width)x\(height)")
    precondition(
      pixels.count == width * height, "\(width)x\(height) pixels need \(width * height) bytes, not \(pixels.count)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
