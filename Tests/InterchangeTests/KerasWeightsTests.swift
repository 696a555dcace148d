import CHDF5
import CZlib
import Foundation
import Model
import TestSupport
import Testing

@testable import Interchange

/// Keras's weight files, written and read. `make test-interop` has Keras itself do its half.
struct KerasWeightsTests {
  private static let network = UNetConfiguration(
    baseChannels: 2, blocks: 3, convolutionsPerBlock: 2, heads: ["mnist", "fashion"])

  /// Every value another one, so that none can be exchanged unseen.
  private static func weights(_ network: UNetConfiguration = network) -> KerasWeightsFile {
    let count = ParameterLayout(network).count
    return KerasWeightsFile(configuration: network, values: (0..<count).map { Float($0) - 0.5 * Float(count) })
  }

  /// A file with the tensors of `weights`, of which `change` may make something else; nil leaves the tensor out.
  private static func file(
    of network: UNetConfiguration = network, top: String = "layers",
    _ change: (_ path: String, _ shape: [Int], _ values: [Float]) -> ([Int], [Float])?
  ) throws -> [UInt8] {
    let weights = weights(network)
    let layout = ParameterLayout(weights.configuration)
    return try HDF5.exclusively {
      let file = try HDF5Writer()
      try file.makeGroup(top)
      for layer in KerasLayer.all(of: weights.configuration) {
        try file.makeGroup("\(top)/\(layer.group)")
        try file.makeGroup("\(top)/\(layer.group)/vars")
        for (number, name) in layer.tensors.enumerated() {
          let (tensor, path) = (layout[name], "\(top)/\(layer.group)/vars/\(number)")
          let values = tensor.inKerasOrder(weights.values[tensor.range])
          if let (shape, values) = change(path, tensor.kerasShape, values) {
            try file.write(values, shape: shape, to: path)
          }
        }
      }
      return try file.bytes()
    }
  }

  private static func problem(_ bytes: [UInt8]) throws -> String {
    let error = try #require(throws: KerasWeightsError.self) { try KerasWeightsFile(bytes: bytes, path: "w.h5") }
    return "\(error)"
  }

  @Test(arguments: [
    UNetConfiguration(), UNetConfiguration(baseChannels: 1, blocks: 1, convolutionsPerBlock: 1),
    UNetConfiguration(baseChannels: 3, blocks: 4, convolutionsPerBlock: 2, heads: ["letters", "animals"]),
    UNetConfiguration(baseChannels: 1, blocks: 1, heads: ["fashion", "fashion_mnist"]),
    UNetConfiguration(baseChannels: 1, blocks: 1, heads: ["a b", "数字_out"]),
  ])
  func whatIsWrittenReadsBackToTheLastBit(network: UNetConfiguration) throws {
    let weights = Self.weights(network)
    let bytes = try weights.serialized()
    let read = try KerasWeightsFile(bytes: bytes, path: "w.h5")
    #expect(read.configuration == network && read.values == weights.values)
    #expect(try weights.serialized() == bytes)
    let renamed = try KerasWeightsFile(bytes: bytes, path: "w.h5", heads: ["a", "b"])
    #expect(renamed.configuration.heads == ["a", "b"] && renamed.values == weights.values)
  }

  /// The published network has 34 layers with weights where Keras's notebook has them, in its order.
  @Test func layersAreCountedAsKerasCountsThem() {
    let layers = KerasLayer.all(of: UNetConfiguration()).filter { !$0.tensors.isEmpty }
    #expect(layers.count == 15 + 15 + 2 + 2)
    #expect(layers[0].group == "conv2d" && layers[1].group == "batch_normalization" && layers[2].group == "conv2d_1")
    let transposed = layers.filter { $0.group.hasPrefix("conv2d_transpose") }.map(\.group)
    #expect(transposed == ["conv2d_transpose", "conv2d_transpose_1"])
    #expect(layers.suffix(2).map(\.group) == ["conv2d_15", "conv2d_16"])
    #expect(layers.suffix(2).map(\.name) == ["mnist_out", "fashion_mnist_out"])
  }

  /// Element (o, i, y, x) of ours stands at (y, x, i, o) in Keras's; of a transposed kernel (i, o, y, x) at (y, x, o, i).
  @Test(arguments: ["decoder.0.up.weight", "encoder.1.conv.0.weight"]) func kernelsChangeTheirAxes(name: String) {
    let layout = ParameterLayout(Self.network)
    let tensor = layout[name]
    let values = Self.weights().values[tensor.range]
    let (first, second, rows, columns) = (tensor.shape[0], tensor.shape[1], 3, 3)
    #expect(first != second)
    #expect(tensor.kerasShape == [3, 3, second, first])
    let keras = tensor.inKerasOrder(values)
    for a in 0..<first {
      for b in 0..<second {
        for y in 0..<rows {
          for x in 0..<columns {
            let own = values[values.startIndex + ((a * second + b) * rows + y) * columns + x]
            #expect(keras[((y * columns + x) * second + b) * first + a] == own)
          }
        }
      }
    }
    #expect(tensor.fromKerasOrder(keras) == Array(values))
  }

  @Test func whatIsNoHDF5FileIsSaid() throws {
    #expect(try Self.problem([]).hasPrefix("w.h5: neither an HDF5 file nor a .keras archive; in Keras 3"))
    #expect(try Self.problem(Array("hello".utf8)).contains("neither"))
  }

  @Test func aFileOfAnOlderKerasIsSaid() throws {
    let old = try Self.file(top: "model_weights") { _, shape, values in (shape, values) }
    #expect(try Self.problem(old).contains("it is of Keras 2"))
  }

  @Test func whatIsMissingIsNamed() throws {
    let bytes = try Self.file { path, shape, values in
      path == "layers/batch_normalization_3/vars/2" ? nil : (shape, values)
    }
    #expect(try Self.problem(bytes) == "w.h5: layers/batch_normalization_3/vars/2 is missing")
  }

  @Test func anotherShapeIsNamedWithBoth() throws {
    let bytes = try Self.file { path, shape, values in
      path == "layers/conv2d_2/vars/1" ? ([2, 2], values) : (shape, values)
    }
    #expect(try Self.problem(bytes) == "w.h5: layers/conv2d_2/vars/1 has shape [2,2] where the network has [4]")
  }

  /// A network of six stages from 1024 channels on takes 77 GB.
  @Test func shapesAreCheckedBeforeMemoryIsTaken() throws {
    let deep = UNetConfiguration(baseChannels: 1, blocks: 6, convolutionsPerBlock: 1)
    func bytes(channels: Int) throws -> [UInt8] {
      try Self.file(of: deep) { path, shape, values in
        path == "layers/conv2d/vars/0"
          ? ([3, 3, 1, channels], [Float](repeating: 0, count: 9 * channels)) : (shape, values)
      }
    }
    #expect(
      try Self.problem(bytes(channels: 1024))
        == "w.h5: layers/conv2d/vars/1 has shape [1] where the network has [1024]")
    #expect(
      try Self.problem(bytes(channels: 1025)).hasSuffix("1025 base channels are more than 1024"))
  }

  @Test func groupsInsideThemselvesEnd() throws {
    let bytes = try HDF5.exclusively {
      let file = try HDF5Writer()
      for group in ["layers", "layers/a", "layers/b"] { try file.makeGroup(group) }
      for (link, target) in [("layers/a/x", "layers"), ("layers/b/y", "layers"), ("layers/b/z", "layers/b")] {
        try file.link(link, to: target)
      }
      return try file.bytes()
    }
    #expect(
      try Self.problem(bytes)
        == "w.h5: damaged, or not as Keras writes it: cannot list the file: it has more than 16 groups in each other")
  }

  @Test(arguments: [Float.nan, .infinity])
  func aNumberThatIsNotFiniteIsFound(bad: Float) throws {
    let bytes = try Self.file { path, shape, values in
      var values = values
      if path == "layers/conv2d_1/vars/0" { values[7] = bad }
      return (shape, values)
    }
    #expect(try Self.problem(bytes) == "w.h5: layers/conv2d_1/vars/0 holds a NaN or infinity (element 7)")
  }

  @Test func aNetworkOfAnotherFormIsRefused() throws {
    let bytes = try Self.file { path, shape, values in
      path.hasPrefix("layers/conv2d_11/") ? nil : (shape, values)
    }
    #expect(try Self.problem(bytes).contains("it has 11 layers Conv2D and 2 Conv2DTranspose"))
  }

  /// Of a file that was cut off somewhere, nothing is taken for weights.
  @Test func aCutFileIsRefused() throws {
    let bytes = try Self.weights().serialized()
    for part in 1..<16 {
      let cut = Array(bytes.prefix(bytes.count * part / 16))
      #expect(throws: KerasWeightsError.self) { try KerasWeightsFile(bytes: cut, path: "w.h5") }
    }
  }

  // An archive as Keras makes one: uncompressed, here with one other member before.
  private static func archive(_ members: [(name: String, content: [UInt8])], method: UInt16 = 0) -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var (body, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, content) in members {
      let sum = Int(unsafe crc32_z(0, content, content.count))
      let common =
        number(20, 2) + number(0, 2) + number(Int(method), 2) + number(0, 4) + number(sum, 4)
        + number(content.count, 4) + number(content.count, 4) + number(name.utf8.count, 2) + number(0, 2)
      directory += number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2)
      directory += number(0, 4) + number(body.count, 4) + Array(name.utf8)
      body += number(0x0403_4B50, 4) + common + Array(name.utf8) + content
    }
    return body + directory + number(0x0605_4B50, 4) + number(0, 4) + number(members.count, 2)
      + number(members.count, 2) + number(directory.count, 4) + number(body.count, 4) + number(0, 2)
  }

  @Test func theWeightsOfAnArchiveAreFound() throws {
    let weights = Self.weights()
    let bytes = Self.archive([("config.json", Array("{}".utf8)), ("model.weights.h5", try weights.serialized())])
    #expect(try KerasWeightsFile(bytes: bytes, path: "m.keras").values == weights.values)
  }

  @Test func aDamagedArchiveIsRefused() throws {
    let content = try Self.weights().serialized()
    let whole = Self.archive([("model.weights.h5", content)])
    var turned = whole
    turned[whole.count / 2] ^= 1
    #expect(try Self.problem(turned).contains("damaged (CRC-32)"))
    #expect(try Self.problem(Self.archive([("config.json", [1])])).contains("there is no model.weights.h5 in it"))
    #expect(try Self.problem(Self.archive([("model.weights.h5", content)], method: 8)).contains("compressed"))
    for part in 1..<32 {
      #expect(throws: KerasWeightsError.self) {
        try KerasWeightsFile(bytes: Array(whole.prefix(whole.count * part / 32)), path: "m.keras")
      }
    }
  }
}

extension HDF5Writer {
  /// Makes `path` another name of the object at `target`, as Keras never does. C function: `H5Lcreate_hard`.
  fileprivate func link(_ path: String, to target: String) throws {
    let usual = CHDF5_default
    try HDF5.check(
      unsafe H5Lcreate_hard(file.identifier, target, file.identifier, path, usual, usual), "link \(path)")
  }
}
