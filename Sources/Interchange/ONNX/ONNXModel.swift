internal import Foundation
public import Model
internal import SwiftProtobuf

/// A network with its weights as an ONNX model, which onnxruntime and many other programs run.
///
/// Input `mixed`, float32 [batch, 1, size, size] (32 as published), intensities from 0 to 1; outputs under the names of the heads, of the
/// same shape. Tensors have the names of weight files. Batch normalisation stands as such, with the moving statistics.
public struct ONNXModel: Sendable {
  /// The version of the operators that the model is written in.
  public static let operatorSet = 17
  /// The version of the file format that came with it.
  static let formatVersion = 8

  /// The network.
  public let configuration: UNetConfiguration
  /// All tensors in the order and axes of ``ParameterLayout``.
  public let values: [Float]

  /// The weights of a network, `values` in the order of its layout.
  public init(configuration: UNetConfiguration, values: [Float]) {
    let count = ParameterLayout(configuration).count
    precondition(values.count == count, "\(values.count) values for a network of \(count)")
    (self.configuration, self.values) = (configuration, values)
  }

  /// The bytes of the file: the same weights always give the same bytes. `metadata` says what they are. Throws ``ONNXModelError``.
  public func serialized(metadata: [String: String] = [:]) throws(ONNXModelError) -> [UInt8] {
    if let problem = configuration.headsProblem { throw .heads(problem) }
    try Self.checkSize(weights: values.count)
    do {
      return try message(metadata: metadata).serializedBytes()
    } catch {
      // It throws for missing required fields, which version 3 of the language has none of, and for more than 2 GiB.
      throw .tooLarge(weights: values.count)
    }
  }

  /// Throws where `weights` weights alone are more than a file can hold, before they are copied into one.
  static func checkSize(weights: Int) throws(ONNXModelError) {
    guard weights <= byteLimit / MemoryLayout<Float>.size else { throw .tooLarge(weights: weights) }
  }

  /// The most bytes of a message of protobuf.
  private static let byteLimit = Int(Int32.max)

  func message(metadata: [String: String]) -> ONNXModelProto {
    var model = ONNXModelProto()
    model.irVersion = Int64(Self.formatVersion)
    model.producerName = "unmix"
    model.docString = "A U-Net that separates the average of two pictures into the two."
    var operators = ONNXOperatorSetIdProto()
    operators.version = Int64(Self.operatorSet)
    model.opsetImport = [operators]
    model.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
      var entry = ONNXStringStringEntryProto()
      (entry.key, entry.value) = (key, value)
      return entry
    }
    var builder = ONNXGraphBuilder(configuration: configuration, values: values)
    model.graph = builder.graph()
    return model
  }
}
