import Dataset
import Glibc
import Model

extension Separation.Source {
  private static let side = UNetConfiguration.imageSize

  /// Reads the input at `path`.
  init(path: String, heads: [String], folder: String) throws {
    self.path = path
    if path.lowercased().hasSuffix(".safetensors") {
      kind = .batch
      mixed = try Self.batch(path)
      results = ["\(folder)/predictions.safetensors"]
    } else {
      let picture = try GreyPicture(contentsOf: path)
      guard picture.width == picture.height, [28, Self.side].contains(picture.width) else {
        throw SeparationError.wrongSize(path: path, width: picture.width, height: picture.height)
      }
      kind = .picture(side: picture.width)
      mixed = Self.centred(picture)
      results = heads.map { "\(folder)/\(Self.baseName(path))-\($0).png" }
    }
  }

  /// Writes the predictions of both heads, each [count, 32, 32].
  func write(_ separated: [[Float]], heads: [String]) throws {
    switch kind {
    case .batch:
      let tensors = zip(heads, separated).map {
        SafeTensorsFile.Tensor(name: $0, shape: [count, Self.side, Self.side], values: $1)
      }
      try FileSystem.writeAtomically(try SafeTensorsFile(tensors: tensors).serialized(), to: results[0])
    case .picture(let side):
      for (values, result) in zip(separated, results) {
        try FileSystem.writeAtomically(try Self.picture(values, side: side).pngBytes(), to: result)
      }
    }
  }

  private static func batch(_ path: String) throws -> [Float] {
    let tensor = try SafeTensorsFile(contentsOf: path).tensor("mixed")
    guard tensor.shape.count == 3, tensor.shape[0] > 0, tensor.shape[1...] == [side, side] else {
      throw SeparationError.wrongShape(path: path, shape: tensor.shape)
    }
    let values = try tensor.floats()
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw SeparationError.notFinite(path: path, index: index)
    }
    return values
  }

  /// The picture between zeros in 32x32, as the training pictures are, bytes divided by 255.
  private static func centred(_ picture: GreyPicture) -> [Float] {
    let margin = (side - picture.width) / 2
    var values = [Float](repeating: 0, count: side * side)
    for row in 0..<picture.height {
      for column in 0..<picture.width {
        values[(row + margin) * side + column + margin] = Float(picture.pixels[row * picture.width + column]) / 255
      }
    }
    return values
  }

  /// The middle `size`x`size` pixels of a prediction, clamped to black and white.
  private static func picture(_ values: [Float], side size: Int) -> GreyPicture {
    let margin = (side - size) / 2
    var pixels: [UInt8] = []
    for row in margin..<margin + size {
      for value in values[row * side + margin..<row * side + margin + size] {
        pixels.append(UInt8((min(max(value, 0), 1) * 255).rounded()))
      }
    }
    return GreyPicture(width: size, height: size, pixels: pixels)
  }

  /// The file's name without folder and ".png".
  private static func baseName(_ path: String) -> String {
    let name = FileSystem.split(path).name
    return name.lowercased().hasSuffix(".png") ? String(name.dropLast(4)) : name
  }
}

extension FileSystem {
  /// `path` without links and dots as far as its folder exists, for comparing names of one file.
  static func resolved(_ path: String) -> String {
    let (folder, name) = split(path)
    guard let real = unsafe realpath(folder, nil) else { return path }
    defer { unsafe free(real) }
    return unsafe "\(String(cString: real))/\(name)"
  }
}
