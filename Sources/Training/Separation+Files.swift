import Dataset
import Glibc
import Model

extension Separation.Source {
  private static let side = UNetConfiguration.imageSize
  /// What other pictures are resized to: the pictures that networks are trained on are of this size, between zeros.
  private static let usualSide = 28

  /// Reads the input at `path`.
  init(path: String, heads: [String], folder: String) throws {
    if path.lowercased().hasSuffix(".safetensors") {
      try self.init(batch: path, heads: heads, folder: folder)
      return
    }
    let picture = try path == "-" ? .fromStandardInput() : GreyPicture(contentsOf: path)
    let fitted = Self.fitted(picture)
    let name = path == "-" ? "stdin" : Self.baseName(path)
    self.init(
      path: path, kind: .picture(side: fitted.side), mixed: Self.centred(fitted.picture), truth: nil,
      results: heads.map { "\(folder)/\(name)-\($0).png" })
    if fitted.isResized {
      note =
        "\(path): \(picture.width)x\(picture.height) pixels, resized to \(fitted.picture.width)x\(fitted.picture.height)"
    }
  }

  /// Mixes the two pictures at `paths`.
  init(mixing paths: [String], heads: [String], folder: String) throws {
    let fitted = try paths.map { Self.fitted(try GreyPicture(contentsOf: $0)) }
    let name = paths.map(Self.baseName).joined(separator: "-")
    let truth = fitted.map { Self.centred($0.picture) }
    self.init(
      path: paths.joined(separator: " and "), kind: .picture(side: fitted.map(\.side).max() ?? Self.usualSide),
      mixed: zip(truth[0], truth[1]).map { ($0 + $1) / 2 }, truth: truth,
      results: heads.map { "\(folder)/\(name)-\($0).png" }, mixedResult: "\(folder)/\(name)-mixed.png")
    let resized = zip(paths, fitted).filter(\.1.isResized).map(\.0)
    if !resized.isEmpty { note = "\(resized.joined(separator: " and ")): resized to fit 28x28" }
  }

  private init(batch path: String, heads: [String], folder: String) throws {
    let file = try SafeTensorsFile(contentsOf: path)
    let mixed = try Self.values(of: "mixed", in: file)
    var truth: [[Float]]?
    if heads.allSatisfy({ file[$0] != nil }) {
      truth = try heads.map { try Self.values(of: $0, in: file) }
      if let head = heads.first(where: { file[$0]?.shape != file["mixed"]?.shape }) {
        throw SeparationError.wrongShape(path: path, tensor: head, shape: file[head]?.shape ?? [])
      }
    }
    self.init(path: path, kind: .batch, mixed: mixed, truth: truth, results: ["\(folder)/predictions.safetensors"])
  }

  /// Takes the two pictures at `paths` for what this one was mixed from.
  mutating func take(truth paths: [String]) throws {
    truth = try paths.map { Self.centred(Self.fitted(try GreyPicture(contentsOf: $0)).picture) }
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
      for (values, result) in zip([mixed] + separated, [mixedResult] + results) {
        guard let result else { continue }
        try FileSystem.writeAtomically(try Self.picture(values, side: side).pngBytes(), to: result)
      }
    }
  }

  private static func values(of name: String, in file: SafeTensorsFile) throws -> [Float] {
    let tensor = try file.tensor(name)
    guard tensor.shape.count == 3, tensor.shape[0] > 0, tensor.shape[1...] == [side, side] else {
      throw SeparationError.wrongShape(path: file.path, tensor: name, shape: tensor.shape)
    }
    let values = try tensor.floats()
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw SeparationError.notFinite(path: file.path, tensor: name, index: index)
    }
    return values
  }

  /// The picture as it can be separated, and the side of its results: 28x28 and 32x32 as they are, others resized to fit 28x28.
  private static func fitted(_ picture: GreyPicture) -> (picture: GreyPicture, side: Int, isResized: Bool) {
    if picture.width == picture.height, [usualSide, side].contains(picture.width) {
      return (picture, picture.width, false)
    }
    return (picture.resized(fitting: usualSide), usualSide, true)
  }

  /// The picture between zeros in 32x32, as the training pictures are, bytes divided by 255.
  private static func centred(_ picture: GreyPicture) -> [Float] {
    let (top, left) = ((side - picture.height) / 2, (side - picture.width) / 2)
    var values = [Float](repeating: 0, count: side * side)
    for row in 0..<picture.height {
      for column in 0..<picture.width {
        values[(row + top) * side + column + left] = Float(picture.pixels[row * picture.width + column]) / 255
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
