import CPNG
import Glibc

/// 8-bit grey PNG files through libpng's simplified API.
extension GreyPicture {
  /// Larger sides, or more pixels in all, are taken for damage.
  package static let maximumSide = 1 << 15
  package static let maximumPixelCount = 1 << 26

  /// Reads a PNG file of any depth and colour, converted to 8-bit grey: colours by their luminance, transparency
  /// laid on black. Throws `DatasetError`: `missingFile`, `unreadable` or `badPicture`.
  package init(contentsOf path: String) throws {
    let bytes = try FileSystem.contents(of: path, limit: 256 << 20, advice: "check the name of the picture")
    try self.init(pngBytes: bytes, path: path)
  }

  /// Reads a PNG file from standard input; else like `init(contentsOf:)`.
  package static func fromStandardInput() throws -> GreyPicture {
    let path = "standard input"
    return try GreyPicture(
      pngBytes: try FileSystem.contents(of: STDIN_FILENO, path: path, limit: 256 << 20), path: path)
  }

  /// Decodes a PNG file's bytes, of which `path` is the name in errors; else like `init(contentsOf:)`.
  package init(pngBytes bytes: [UInt8], path: String) throws {
    guard !bytes.isEmpty else { throw DatasetError.badPicture(path: path, reason: "the file is empty") }
    var width: UInt32 = 0
    var height: UInt32 = 0
    try unsafe Self.check(path: path) { unsafe CPNG_read_size(bytes, bytes.count, &width, &height, $0) }
    guard width > 0, height > 0, width <= Self.maximumSide, height <= Self.maximumSide,
      Int(width) * Int(height) <= Self.maximumPixelCount
    else {
      throw DatasetError.badPicture(
        path: path,
        reason: "its header promises \(width)x\(height) pixels; sides of 1 to \(Self.maximumSide) and "
          + "\(Self.maximumPixelCount) pixels in all can be read")
    }
    var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height))
    try unsafe Self.check(path: path) { unsafe CPNG_read_grey(bytes, bytes.count, width, height, &pixels, $0) }
    self.init(width: Int(width), height: Int(height), pixels: pixels)
  }

  /// The picture as the bytes of a PNG file, 8-bit grey. Throws `badPicture` where libpng fails.
  package func pngBytes() throws -> [UInt8] {
    precondition(
      pixels.count == width * height, "\(width)x\(height) pixels need \(width * height) bytes, not \(pixels.count)")
    guard width <= Self.maximumSide, height <= Self.maximumSide, width * height <= Self.maximumPixelCount else {
      throw DatasetError.badPicture(path: "picture", reason: "\(width)x\(height) pixels are too many")
    }
    var byteCount = CPNG_maximum_size(UInt32(width), UInt32(height))
    var bytes = [UInt8](repeating: 0, count: byteCount)
    try unsafe Self.check(path: "picture") {
      unsafe CPNG_write_grey(pixels, UInt32(width), UInt32(height), &bytes, &byteCount, $0)
    }
    bytes.removeLast(bytes.count - byteCount)
    return bytes
  }

  /// Calls libpng through the shim, which answers 1 for success, and throws the text it left.
  private static func check(path: String, _ body: (UnsafeMutablePointer<CChar>) -> Int32) throws(DatasetError) {
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
    let succeeded = unsafe message.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) != 0 }
    guard succeeded else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .badPicture(path: path, reason: String(decoding: text, as: UTF8.self))
    }
  }
}
