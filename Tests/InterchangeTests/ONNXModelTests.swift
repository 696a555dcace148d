import Foundation
import Model
import SwiftProtobuf
import Testing

@testable import Interchange

/// The nodes of the model. `make test-interop` has onnx check it and onnxruntime run it.
struct ONNXModelTests {
  private static let network = UNetConfiguration(
    baseChannels: 2, blocks: 2, convolutionsPerBlock: 1, heads: ["a", "b"])

  private static func model(_ network: UNetConfiguration = network) throws -> ONNXModelProto {
    let count = ParameterLayout(network).count
    let model = ONNXModel(configuration: network, values: (0..<count).map { Float($0) })
    return try ONNXModelProto(serializedBytes: model.serialized(metadata: ["step": "3", "data": "synthetic"]))
  }

  @Test func theNodesAreTheForwardPass() throws {
    let graph = try Self.model().graph
    #expect(
      graph.node.map(\.opType) == [
        "Conv", "BatchNormalization", "Relu", "MaxPool", "Conv", "BatchNormalization", "Relu", "ConvTranspose",
        "Concat", "Conv", "BatchNormalization", "Relu", "Conv", "Relu", "Conv", "Relu",
      ])
    // Every input is the graph's, a tensor, or an earlier node's: the format wants them in this order.
    var known = Set(graph.input.map(\.name) + graph.initializer.map(\.name))
    for node in graph.node {
      #expect(known.isSuperset(of: node.input), "\(node.name)")
      #expect(known.isDisjoint(with: node.output), "\(node.name)")
      known.formUnion(node.output)
    }
    #expect(graph.output.map(\.name) == ["a", "b"] && known.isSuperset(of: ["a", "b"]))
    let join = try #require(graph.node.first { $0.opType == "Concat" })
    #expect(join.input == ["decoder.0.up", "encoder.0.relu.0"])
  }

  @Test func everyTensorIsThereWithItsBits() throws {
    let graph = try Self.model().graph
    let layout = ParameterLayout(Self.network)
    #expect(graph.initializer.map(\.name) == layout.tensors.map(\.name))
    for (tensor, expected) in zip(graph.initializer, layout.tensors) {
      #expect(tensor.dims == expected.shape.map { Int64($0) } && tensor.dataType == 1)
      let values = unsafe tensor.rawData.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
      #expect(values == expected.range.map { Float($0) }, "\(expected.name)")
    }
  }

  @Test func theModelSaysWhatItIs() throws {
    let model = try Self.model()
    #expect(model.irVersion == 8 && model.opsetImport.map(\.version) == [17] && model.opsetImport[0].domain.isEmpty)
    #expect(model.metadataProps.map { "\($0.key)=\($0.value)" } == ["data=synthetic", "step=3"])
    let shape = try #require(model.graph.input.first).type.tensorType.shape.dim
    #expect(shape.map(\.dimParam) == ["batch", "", "", ""] && shape.map(\.dimValue) == [0, 1, 32, 32])
  }

  @Test func moreWeightsThanAFileHoldsAreRefused() throws {
    let most = (1 << 29) - 1
    try ONNXModel.checkSize(weights: most)
    #expect(throws: ONNXModelError.tooLarge(weights: most + 1)) { try ONNXModel.checkSize(weights: most + 1) }
  }

  @Test func aHeadWithTheNameOfTheInputIsRefused() throws {
    let network = UNetConfiguration(baseChannels: 1, blocks: 1, convolutionsPerBlock: 1, heads: ["a", "mixed"])
    let error = try #require(throws: ONNXModelError.self) { try Self.model(network) }
    #expect("\(error)" == "\"mixed\" is the name of the mixed pictures, so there is no such model")
  }

  @Test func aSingleStageHasNoPooling() throws {
    let graph = try Self.model(UNetConfiguration(baseChannels: 1, blocks: 1, convolutionsPerBlock: 2)).graph
    #expect(!graph.node.contains { ["MaxPool", "ConvTranspose", "Concat"].contains($0.opType) })
    #expect(graph.output.map(\.name) == ["mnist", "fashion"])
  }
}
