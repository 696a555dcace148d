internal import Model

extension KerasWeightsFile {
  /// Reads the bytes of a `model.weights.h5`, or of a whole `.keras` archive, which holds one; `path` is what messages call it.
  ///
  /// - Parameter heads: names for the two heads, in the order of the model's outputs. nil takes those that ``serialized()`` noted, else
  ///   those of their layers where they end in "_out" as the published model's do, else mnist and fashion.
  ///
  /// Everything is checked: each tensor's place, type and sizes, that its numbers are finite, and that nothing else is among the layers.
  /// What stands beside them (an optimiser) is left alone. Throws ``KerasWeightsError``. libhdf5 itself may crash on a file that was
  /// made for it: read what strangers give you in a process of its own, as `launcher import` does.
  public init(bytes: [UInt8], path: String, heads: [String]? = nil) throws(KerasWeightsError) {
    precondition(heads == nil || heads?.count == 2, "\(heads?.count ?? 0) heads where a network has 2")
    let image = KerasArchive.isArchive(bytes) ? try KerasArchive.weights(in: bytes, path: path) : bytes
    guard image.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) else { throw .notHDF5(path: path) }
    do {
      self = try HDF5.exclusively { try Self.read(HDF5Reader(image), size: image.count, path: path, heads: heads) }
    } catch let error as KerasWeightsError {
      throw error
    } catch {
      throw .library(path: path, "\(error)")
    }
  }

  /// Objects below `layers`: the largest network, six stages of many convolutions, has fewer.
  private static let objectLimit = 50_000

  private static func read(
    _ file: consuming HDF5Reader, size: Int, path: String, heads: [String]?
  ) throws -> KerasWeightsFile {
    guard try file.hasTop(KerasLayer.top) else {
      throw KerasWeightsError.noLayers(path: path, isOlder: try file.hasTop("model_weights"))
    }
    let found = Set(try file.datasets(below: KerasLayer.top, limit: objectLimit))
    var configuration = try configuration(of: file, found, path: path)
    let names = try heads ?? self.heads(of: file, configuration)
    if let names { configuration.heads = names }

    let layout = ParameterLayout(configuration)
    let places = places(configuration)
    for tensor in layout.tensors where !found.contains(places[tensor.name]!) {
      throw KerasWeightsError.missingTensor(path: path, tensor: places[tensor.name]!)
    }
    let known = Set(places.values)
    if let other = found.subtracting(known).min() {
      throw KerasWeightsError.unexpectedTensor(path: path, tensor: other)
    }
    for tensor in layout.tensors {
      let place = places[tensor.name]!
      let shape = try file.shape(of: place)
      guard shape == tensor.kerasShape else {
        throw KerasWeightsError.wrongShape(path: path, tensor: place, expected: tensor.kerasShape, found: shape)
      }
      guard try file.holdsFloats(place) else { throw KerasWeightsError.wrongType(path: path, tensor: place) }
      guard try file.isPlain(place) else { throw KerasWeightsError.notPlain(path: path, tensor: place) }
    }
    // The elements stand in the file as they are.
    guard layout.count <= size / MemoryLayout<Float>.size else {
      throw KerasWeightsError.library(path: path, "\(layout.count) weights cannot stand in \(size) bytes")
    }
    var values = [Float](repeating: 0, count: layout.count)
    for tensor in layout.tensors {
      let place = places[tensor.name]!
      let floats = try file.floats(place, count: tensor.range.count)
      if let bad = floats.firstIndex(where: { !$0.isFinite }) {
        throw KerasWeightsError.nonFinite(path: path, tensor: place, index: bad)
      }
      values.replaceSubrange(tensor.range, with: tensor.fromKerasOrder(floats))
    }
    return KerasWeightsFile(configuration: configuration, values: values, namesHeads: names != nil)
  }

  /// Where each of the network's tensors stands in the file, by its name.
  private static func places(_ configuration: UNetConfiguration) -> [String: String] {
    var places: [String: String] = [:]
    for layer in KerasLayer.all(of: configuration) {
      for (number, tensor) in layer.tensors.enumerated() { places[tensor] = layer.path(number) }
    }
    return places
  }

  /// The network from the numbers of layers and the first kernel, its heads named as usual.
  private static func configuration(
    of file: borrowing HDF5Reader, _ found: Set<String>, path: String
  ) throws -> UNetConfiguration {
    let first = "\(KerasLayer.top)/conv2d/vars/0"
    guard found.contains(first) else { throw KerasWeightsError.missingTensor(path: path, tensor: first) }
    let kernel = try file.shape(of: first)
    guard kernel.dropLast() == [3, 3, 1], let channels = kernel.last, channels > 0 else {
      throw KerasWeightsError.notANetwork(path: path, problem: "\(first) is not a 3x3 kernel over one channel")
    }
    // Sizes of tensors follow from it, and must not overflow.
    guard channels <= UNetConfiguration.maximumBaseChannels else {
      throw KerasWeightsError.notANetwork(
        path: path, problem: "\(channels) base channels are more than \(UNetConfiguration.maximumBaseChannels)")
    }
    let (convolutions, upsamplings) = (count(of: "conv2d", found), count(of: "conv2d_transpose", found))
    let stages = 2 * upsamplings + 1
    guard upsamplings < 6, convolutions > 2, (convolutions - 2) % stages == 0 else {
      throw KerasWeightsError.notANetwork(
        path: path,
        problem:
          "it has \(convolutions) layers Conv2D and \(upsamplings) Conv2DTranspose; with n of the latter, at most 5, there are two "
          + "heads and an equal number of the former in each of 2n + 1 stages")
    }
    let perBlock = (convolutions - 2) / stages
    guard perBlock <= UNetConfiguration.maximumConvolutionsPerBlock else {
      throw KerasWeightsError.notANetwork(
        path: path,
        problem: "\(perBlock) convolutions a stage are more than \(UNetConfiguration.maximumConvolutionsPerBlock)")
    }
    return UNetConfiguration(baseChannels: channels, blocks: upsamplings + 1, convolutionsPerBlock: perBlock)
  }

  /// One more than the largest number of a layer of `kind`: by the largest, so that a layer that is missing is the one reported.
  private static func count(of kind: String, _ found: Set<String>) -> Int {
    let numbers = found.compactMap { path -> Int? in
      let group = path.split(separator: "/")[1]
      if group == kind { return 0 }
      guard group.hasPrefix(kind + "_") else { return nil }
      return Int(group.dropFirst(kind.count + 1)).flatMap { (1...found.count).contains($0) ? $0 : nil }
    }
    return (numbers.max() ?? -1) + 1
  }

  /// The names of the heads: those noted for them, else by those of their layers; nil where neither make two.
  private static func heads(
    of file: borrowing HDF5Reader, _ configuration: UNetConfiguration
  ) throws -> [String]? {
    var named = configuration
    if let noted = try file.text(headsAttribute, of: "/") {
      named.heads = noted.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if named.headsProblem == nil { return named.heads }
    }
    named.heads = []
    for layer in KerasLayer.all(of: configuration).suffix(2) {
      let output = try file.text(nameAttribute, of: "\(KerasLayer.top)/\(layer.group)/vars")
      if let head = output.flatMap(KerasLayer.head) { named.heads.append(head) }
    }
    return named.headsProblem == nil ? named.heads : nil
  }
}
