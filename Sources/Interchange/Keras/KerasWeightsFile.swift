public import Model

/// The weights of a network as Keras 3 saves them: `model.weights.h5`, for a model made like the published one, of any size.
///
/// Every tensor has the same numbers in both programs; kernels are in another order of axes. Keras's optimiser is not taken along, and
/// neither is ours.
public struct KerasWeightsFile: Sendable {
  /// The network.
  public let configuration: UNetConfiguration
  /// All tensors in the order and axes of ``ParameterLayout``.
  public let values: [Float]
  /// Whether the heads' names are known: given, or read from the file. Else they are the published ones.
  public let namesHeads: Bool

  /// The weights of a network, `values` in the order of its layout.
  public init(configuration: UNetConfiguration, values: [Float]) {
    self.init(configuration: configuration, values: values, namesHeads: true)
  }

  init(configuration: UNetConfiguration, values: [Float], namesHeads: Bool) {
    let count = ParameterLayout(configuration).count
    precondition(values.count == count, "\(values.count) values for a network of \(count)")
    (self.configuration, self.values, self.namesHeads) = (configuration, values, namesHeads)
  }

  /// The bytes of a `model.weights.h5`: the same weights always give the same bytes. Throws `KerasWeightsError.library`.
  public func serialized() throws(KerasWeightsError) -> [UInt8] {
    let layout = ParameterLayout(configuration)
    do {
      return try HDF5.exclusively {
        let file = try HDF5Writer()
        try file.write(configuration.heads.joined(separator: ","), as: Self.headsAttribute, to: "/")
        try file.makeGroup(KerasLayer.top)
        for layer in KerasLayer.all(of: configuration) {
          let group = "\(KerasLayer.top)/\(layer.group)"
          try file.makeGroup(group)
          try file.makeGroup("\(group)/vars")
          try file.write(layer.name, as: Self.nameAttribute, to: "\(group)/vars")
          for (number, name) in layer.tensors.enumerated() {
            let tensor = layout[name]
            try file.write(
              tensor.inKerasOrder(values[tensor.range]), shape: tensor.kerasShape, to: layer.path(number))
          }
        }
        return try file.bytes()
      }
    } catch {
      throw .library(path: "(memory)", "\(error)")
    }
  }

  /// The attribute of a layer's `vars` that says what the model calls it.
  static let nameAttribute = "name"
  /// The attribute of our files' top with the heads' names in their order, "A,B": those of the layers are not always the same, and
  /// Keras does not look at it.
  static let headsAttribute = "unmix_heads"
}
