import Dataset
package import Model

/// Takes mixed pictures from files apart and gives the separated ones as files' contents.
package struct Separation {
  /// Pictures of one input file.
  package struct Mixed: Sendable {
    /// File name without folder and ending.
    package let name: String
    /// [count, 32, 32] f32, 0 to 1.
    package let values: [Float]
    /// Rows and columns of a PNG, nil for a batch.
    package let size: Int?
    /// Pictures.
    package var count: Int { values.count / UNetConfiguration.pixelCount }
  }

  private let heads: [String]
  private let predictor: Predictor

  /// Plans the network over the flat weights `values`.
  package init(configuration: UNetConfiguration, values: AlignedBuffer<Float>, precision: Precision) throws {
    heads = configuration.heads
    predictor = try Predictor(configuration: configuration, values: values, precision: precision)
  }

  /// Reads a PNG of 28x28 or 32x32 pixels, or a safetensors batch `mixed` [N,32,32] f32.
  ///
  /// Throws ``SeparationError`` for other sizes and shapes, else what reading the file throws.
  package func read(_ path: String) throws -> Mixed {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let name = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    if path.hasSuffix(".safetensors") {
      let batch = try SafeTensorsFile(contentsOf: path)
      guard let tensor = batch["mixed"] else { throw SeparationError.noBatch(path: path) }
      let side = UNetConfiguration.imageSize
      guard tensor.shape.count == 3, tensor.shape[1...] == [side, side] else {
        throw SeparationError.wrongShape(path: path, shape: tensor.shape)
      }
      return Mixed(name: name, values: try tensor.floats(), size: nil)
    }
    let picture = try GreyPicture(contentsOf: path)
    guard picture.width == picture.height, [28, UNetConfiguration.imageSize].contains(picture.width) else {
      throw SeparationError.wrongSize(path: path, width: picture.width, height: picture.height)
    }
    return Mixed(name: name, values: padded(picture), size: picture.width)
  }

  /// File names and contents of the separated sources: a PNG for each, or `predictions.safetensors` for a batch.
  package func separate(_ mixed: Mixed) throws -> [(name: String, bytes: [UInt8])] {
    var predictions = [Float](repeating: 0, count: 2 * mixed.values.count)
    try unsafe mixed.values.withUnsafeBufferPointer { input in
      try unsafe predictions.withUnsafeMutableBufferPointer { try unsafe predictor.predict(mixed: input, into: $0) }
    }
    let parts = heads.indices.map { Array(predictions[$0 * mixed.values.count..<($0 + 1) * mixed.values.count]) }
    guard let size = mixed.size else {
      let shape = [mixed.count, UNetConfiguration.imageSize, UNetConfiguration.imageSize]
      let tensors = zip(heads, parts).map { SafeTensorsFile.Tensor(name: $0, shape: shape, values: $1) }
      return [("predictions.safetensors", try SafeTensorsFile(tensors: tensors, metadata: [:]).serialized())]
    }
    return try zip(heads, parts).map { ("\(mixed.name)-\($0).png", try cropped($1, to: size).pngBytes()) }
  }

  /// 28x28 in the middle of 32x32 zeros, scaled to 0...1.
  private func padded(_ picture: GreyPicture) -> [Float] {
    let side = UNetConfiguration.imageSize
    let margin = (side - picture.width) / 2
    var values = [Float](repeating: 0, count: side * side)
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        values[(y + margin) * side + x + margin] = Float(picture.pixels[y * picture.width + x]) / 255
      }
    }
    return values
  }

  private func cropped(_ values: [Float], to size: Int) -> GreyPicture {
    let side = UNetConfiguration.imageSize
    let margin = (side - size) / 2
    let pixels = (0..<size * size).map { i in
      UInt8((min(max(values[(i / size + margin) * side + i % size + margin], 0), 1) * 255).rounded())
    }
    return GreyPicture(width: size, height: size, pixels: pixels)
  }
}
