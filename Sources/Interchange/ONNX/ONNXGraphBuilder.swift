internal import Foundation
internal import Model

/// Writes a network down as ONNX's nodes, in the order of the forward pass.
struct ONNXGraphBuilder {
  private let configuration: UNetConfiguration
  private let layout: ParameterLayout
  private let values: [Float]
  private var result = ONNXGraphProto()

  /// ONNX's number for 32-bit floats.
  private static let float32: Int32 = 1
  /// Inside of batch normalisation's root, as Keras has it.
  private static let epsilon: Float = 1e-3

  init(configuration: UNetConfiguration, values: [Float]) {
    (self.configuration, self.values) = (configuration, values)
    layout = ParameterLayout(configuration)
  }

  /// The graph; call it once.
  mutating func graph() -> ONNXGraphProto {
    result.name = "unmix"
    let input = UNetConfiguration.inputName
    result.input = [picture(input, "the average of two pictures, intensities from 0 to 1")]
    result.initializer = layout.tensors.map(tensor)
    var x = input
    var skips: [String] = []
    for i in 0..<configuration.blocks {
      x = stage(x, "encoder.\(i)")
      guard i + 1 < configuration.blocks else { break }
      skips.append(x)
      x = node("MaxPool", [x], "encoder.\(i).pool", [ints("kernel_shape", [2, 2]), ints("strides", [2, 2])])
    }
    for i in 0..<configuration.blocks - 1 {
      let name = "decoder.\(i)"
      // Without padding the result has one row and column more than Keras's "same", the last ones.
      x = node(
        "ConvTranspose", [x, "\(name).up.weight", "\(name).up.bias"], "\(name).up",
        [ints("kernel_shape", [3, 3]), ints("strides", [2, 2]), ints("pads", [0, 0, 1, 1])])
      x = node("Concat", [x, skips.removeLast()], "\(name).joined", [int("axis", 1)])
      x = stage(x, name)
    }
    for head in configuration.heads {
      let name = "head.\(head)"
      let linear = node(
        "Conv", [x, "\(name).weight", "\(name).bias"], name, [ints("kernel_shape", [1, 1])])
      _ = node("Relu", [linear], head)
      result.output.append(picture(head, "the part of \(head)"))
    }
    return result
  }

  /// Units of convolution, normalisation and ReLU; the name of the result.
  private mutating func stage(_ input: String, _ name: String) -> String {
    var x = input
    for j in 0..<configuration.convolutionsPerBlock {
      let (convolution, normalisation) = ("\(name).conv.\(j)", "\(name).bn.\(j)")
      x = node(
        "Conv", [x, "\(convolution).weight", "\(convolution).bias"], convolution,
        [ints("kernel_shape", [3, 3]), ints("pads", [1, 1, 1, 1])])
      x = node(
        "BatchNormalization",
        [x] + ["gamma", "beta", "moving_mean", "moving_variance"].map { "\(normalisation).\($0)" },
        normalisation, [float("epsilon", Self.epsilon)])
      x = node("Relu", [x], "\(name).relu.\(j)")
    }
    return x
  }

  /// Adds an operation whose result has its own name, and returns that.
  private mutating func node(
    _ operation: String, _ inputs: [String], _ name: String, _ attributes: [ONNXAttributeProto] = []
  ) -> String {
    var node = ONNXNodeProto()
    (node.opType, node.name) = (operation, name)
    (node.input, node.output, node.attribute) = (inputs, [name], attributes)
    result.node.append(node)
    return name
  }

  private func tensor(_ tensor: ParameterLayout.Tensor) -> ONNXTensorProto {
    var message = ONNXTensorProto()
    message.name = tensor.name
    message.dims = tensor.shape.map { Int64($0) }
    message.dataType = Self.float32
    var bytes = Data(capacity: 4 * tensor.range.count)
    for value in values[tensor.range] {
      unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }
    message.rawData = bytes
    return message
  }

  /// A batch of pictures, [batch, 1, rows, columns].
  private func picture(_ name: String, _ description: String) -> ONNXValueInfoProto {
    let side = Int64(configuration.imageSize)
    var info = ONNXValueInfoProto()
    (info.name, info.docString) = (name, description)
    info.type.tensorType.elemType = Self.float32
    let sizes: [ONNXTensorShapeProto.Dimension.OneOf_Value] = [
      .dimParam("batch"), .dimValue(1), .dimValue(side), .dimValue(side),
    ]
    info.type.tensorType.shape.dim = sizes.map { value in
      var dimension = ONNXTensorShapeProto.Dimension()
      dimension.value = value
      return dimension
    }
    return info
  }

  private func ints(_ name: String, _ values: [Int64]) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto()
    (attribute.name, attribute.type, attribute.ints) = (name, .ints, values)
    return attribute
  }

  private func int(_ name: String, _ value: Int64) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto()
    (attribute.name, attribute.type, attribute.i) = (name, .int, value)
    return attribute
  }

  private func float(_ name: String, _ value: Float) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto()
    (attribute.name, attribute.type, attribute.f) = (name, .float, value)
    return attribute
  }
}
