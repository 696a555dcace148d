import Dataset
import Glibc
import Model

extension Separation.Source {
  /// Reads the input at `path`.
  init(path: String, network: UNetConfiguration, folder: String) throws {
    if path.lowercased().hasSuffix(".safetensors") {
      try self.init(batch: path, network: network, folder: folder)
      return
    }
    let picture = try path == "-" ? .fromStandardInput() : GreyPicture(contentsOf: path)
    let fitted = Self.fitted(picture, network)
    let name = path == "-" ? "stdin" : Self.baseName(path)
    self.init(
      path: path, kind: .picture(side: fitted.side), mixed: Self.centred(fitted.picture, network), truth: nil,
      results: network.heads.map { "\(folder)/\(name)-\($0).png" }, size: network.imageSize)
    if fitted.isResized {
      note =
        "\(path): \(picture.width)x\(picture.height) pixels, resized to \(fitted.picture.width)x\(fitted.picture.height)"
    }
  }

  /// Mixes the two pictures at `paths`.
  init(mixing paths: [String], network: UNetConfiguration, folder: String) throws {
    let fitted = try paths.map { Self.fitted(try GreyPicture(contentsOf: $0), network) }
    let name = paths.map(Self.baseName).joined(separator: "-")
    let truth = fitted.map { Self.centred($0.picture, network) }
    self.init(
      path: paths.joined(separator: " and "), kind: .picture(side: fitted.map(\.side).max() ?? network.pictureSide),
      mixed: zip(truth[0], truth[1]).map { ($0 + $1) / 2 }, truth: truth,
      results: network.heads.map { "\(folder)/\(name)-\($0).png" }, mixedResult: "\(folder)/\(name)-mixed.png",
      size: network.imageSize)
    let resized = zip(paths, fitted).filter(\.1.isResized).map(\.0)
    if !resized.isEmpty {
      note = "\(resized.joined(separator: " and ")): resized to fit \(network.pictureSide)x\(network.pictureSide)"
    }
  }

  private init(batch path: String, network: UNetConfiguration, folder: String) throws {
    let file = try SafeTensorsFile(contentsOf: path)
    let (heads, size) = (network.heads, network.imageSize)
    let mixed = try Self.values(of: "mixed", in: file, size: size)
    var truth: [[Float]]?
    if heads.allSatisfy({ file[$0] != nil }) {
      truth = try heads.map { try Self.values(of: $0, in: file, size: size) }
      if let head = heads.first(where: { file[$0]?.shape != file["mixed"]?.shape }) {
        throw SeparationError.wrongShape(path: path, tensor: head, shape: file[head]?.shape ?? [], size: size)
      }
    }
    self.init(
      path: path, kind: .batch, mixed: mixed, truth: truth, results: ["\(folder)/predictions.safetensors"], size: size)
  }

  /// Takes the two pictures at `paths` for what this one was mixed from.
  mutating func take(truth paths: [String], network: UNetConfiguration) throws {
    truth = try paths.map { Self.centred(Self.fitted(try GreyPicture(contentsOf: $0), network).picture, network) }
  }

  /// Writes the predictions of both heads, each [count, size, size].
  func write(_ separated: [[Float]], heads: [String]) throws {
    switch kind {
    case .batch:
      let tensors = zip(heads, separated).map {
        SafeTensorsFile.Tensor(name: $0, shape: [count, size, size], values: $1)
      }
      try FileSystem.writeAtomically(try SafeTensorsFile(tensors: tensors).serialized(), to: results[0])
    case .picture(let side):
      for (values, result) in zip([mixed] + separated, [mixedResult] + results) {
        guard let result else { continue }
        try FileSystem.writeAtomically(try Self.picture(values, side: side, of: size).pngBytes(), to: result)
      }
    }
  }

  private static func values(of name: String, in file: SafeTensorsFile, size: Int) throws -> [Float] {
    let tensor = try file.tensor(name)
    guard tensor.shape.count == 3, tensor.shape[0] > 0, tensor.shape[1...] == [size, size] else {
      throw SeparationError.wrongShape(path: file.path, tensor: name, shape: tensor.shape, size: size)
    }
    let values = try tensor.floats()
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw SeparationError.notFinite(path: file.path, tensor: name, index: index)
    }
    return values
  }

  /// The picture as it can be separated, and the side of its results: pictures as long as those of the training and such as pass
  /// through the network as they are (28x28 and 32x32 as published), others resized to the longer side of the training's.
  private static func fitted(
    _ picture: GreyPicture, _ network: UNetConfiguration
  ) -> (picture: GreyPicture, side: Int, isResized: Bool) {
    let (size, usual) = (network.imageSize, network.pictureSide)
    if picture.width == size && picture.height == size { return (picture, size, false) }
    if max(picture.width, picture.height) == usual { return (picture, usual, false) }
    return (picture.resized(fitting: usual), usual, true)
  }

  /// The picture between zeros, as the training pictures are, bytes divided by 255.
  private static func centred(_ picture: GreyPicture, _ network: UNetConfiguration) -> [Float] {
    let side = network.imageSize
    let (top, left) = ((side - picture.height) / 2, (side - picture.width) / 2)
    var values = [Float](repeating: 0, count: side * side)
    for row in 0..<picture.height {
      for column in 0..<picture.width {
        values[(row + top) * side + column + left] = Float(picture.pixels[row * picture.width + column]) / 255
      }
    }
    return values
  }

  /// The middle `side`x`side` pixels of a prediction of `size`x`size`, clamped to black and white.
  private static func picture(_ values: [Float], side: Int, of size: Int) -> GreyPicture {
    let margin = (size - side) / 2
    var pixels: [UInt8] = []
    for row in margin..<margin + side {
      for value in values[row * size + margin..<row * size + margin + side] {
        pixels.append(UInt8((min(max(value, 0), 1) * 255).rounded()))
      }
    }
    return GreyPicture(width: side, height: side, pixels: pixels)
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
