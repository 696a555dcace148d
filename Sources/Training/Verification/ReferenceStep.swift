package import Model

/// A training step computed in f64: pictures, weights before, and all that it and maybe two more on the same batch make of
/// them.
///
/// Names: `input` and `target.<head>` `[n,1,32,32]`; `param.<part>` the weights before; `eval.<head>` predictions
/// normalised by moving statistics, before any step; and the compared ones, see `ComparedTensor`.
package struct ReferenceStep: Sendable {
  /// One tensor's row-major elements.
  package struct Tensor: Sendable, Equatable {
    package var shape: [Int]
    package var values: [Double]
  }

  /// The distance of a right answer from the exact one.
  struct Ambiguity: Sendable, Equatable {
    /// Largest absolute difference.
    var maximum = 0.0
    /// |a - b|₂ / |b|₂, or 0 where b is all zeros.
    var relative = 0.0
  }

  /// Adam's learning rate of the steps.
  package static let learningRate = 1e-3
  /// Steps of a file.
  package static let fileSteps = 3

  /// The network.
  package let layout: ParameterLayout
  /// Pictures of the batch.
  package let batch: Int
  /// Steps, all on the same batch.
  package let steps: Int
  /// How far the right answers of one precision lie from the exact one, the root mean square of several, by name.
  ///
  /// Only of a computed reference, whose weights are taken as they come: some values lie at a kink and go either way. Empty
  /// for a file, whose weights were drawn to avoid that.
  var ambiguities: [String: Ambiguity] = [:]
  /// All tensors by name.
  package var tensors: [String: Tensor]

  /// The network.
  package var configuration: UNetConfiguration { layout.configuration }
  /// `[n,size,size]`.
  package var input: [Float] { floats("input") }
  /// `[heads,n,size,size]`, head-major.
  package var targets: [Float] { configuration.heads.flatMap { floats("target.\($0)") } }
  /// The weights before the first step in layout order.
  package var weights: [Float] { layout.tensors.flatMap { floats("param.\($0.name)") } }

  private func floats(_ name: String) -> [Float] { tensors[name]!.values.map { Float($0) } }

  /// Reads the reference at `path`.
  ///
  /// What the step starts from (`input`, `target.*`, `param.*`) must be there, of the right shape and finite, else this
  /// throws a `SafeTensorsError`; whether the compared tensors are is the comparison's to say.
  package init(contentsOf path: String) throws {
    try self.init(SafeTensorsFile(contentsOf: path))
  }

  /// Takes the reference that `file` holds; errors as `init(contentsOf:)`.
  package init(_ file: SafeTensorsFile) throws {
    layout = ParameterLayout(try file.inferredConfiguration(prefix: "param."))
    _ = try file.weightValues(layout: layout, prefix: "param.")
    let size = layout.configuration.imageSize
    let input = try file.tensor("input")
    batch = input.shape.first ?? 0
    for name in ["input"] + layout.configuration.heads.map({ "target.\($0)" }) {
      let tensor = try file.tensor(name)
      let expected = [max(1, batch), 1, size, size]
      guard tensor.shape == expected else {
        throw SafeTensorsError.wrongShape(path: file.path, tensor: name, expected: expected, found: tensor.shape)
      }
      if let bad = try tensor.floats().firstIndex(where: { !$0.isFinite }) {
        throw SafeTensorsError.nonFinite(path: file.path, tensor: name, index: bad)
      }
    }
    steps = Self.fileSteps
    tensors = [:]
    for tensor in file.tensors {
      tensors[tensor.name] = Tensor(shape: tensor.shape, values: try tensor.doubles())
    }
  }

  /// The tensors as a file of f32, for `init(contentsOf:)` to read again.
  package func file() -> SafeTensorsFile {
    let metadata = SafeTensorsFile.metadata(of: configuration)
    return SafeTensorsFile(
      tensors: tensors.sorted { $0.key < $1.key }.map { name, tensor in
        SafeTensorsFile.Tensor(name: name, shape: tensor.shape, values: tensor.values.map { Float($0) })
      },
      metadata: metadata)
  }
}
