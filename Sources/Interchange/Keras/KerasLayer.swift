import Model

/// A layer of the network as a Keras model made like the published one has it.
///
/// Keras 3 lays the weights out as `layers/<group>/vars/<number>`: groups count the layers of one class in the order of the model, which
/// is that of the forward pass (conv2d, conv2d_1, ...). What it calls a layer stands only in an attribute, because those numbers go on
/// from model to model of one program.
struct KerasLayer: Equatable {
  /// The group below `layers`.
  let group: String
  /// What the first model of a Keras program calls it.
  let name: String
  /// Names of the network's tensors under `vars/0`, `vars/1`, ...
  let tensors: [String]

  /// Where tensor `number` of the layer stands.
  func path(_ number: Int) -> String { "\(Self.top)/\(group)/vars/\(number)" }

  /// The group that holds all layers.
  static let top = "layers"

  /// All layers of `configuration`'s network in the order of the forward pass, those without weights too.
  static func all(of configuration: UNetConfiguration) -> [KerasLayer] {
    var layers: [KerasLayer] = []
    var counts: [String: Int] = [:]
    func add(_ kind: String, _ tensors: [String] = [], name: String? = nil) {
      let count = counts[kind, default: 0]
      counts[kind] = count + 1
      let group = count == 0 ? kind : "\(kind)_\(count)"
      layers.append(KerasLayer(group: group, name: name ?? group, tensors: tensors))
    }
    func stage(_ stage: String) {
      for j in 0..<configuration.convolutionsPerBlock {
        add("conv2d", ["weight", "bias"].map { "\(stage).conv.\(j).\($0)" })
        add(
          "batch_normalization", ["gamma", "beta", "moving_mean", "moving_variance"].map { "\(stage).bn.\(j).\($0)" })
        add("re_lu")
      }
    }
    add("input_layer")
    for i in 0..<configuration.blocks {
      stage("encoder.\(i)")
      if i + 1 < configuration.blocks { add("max_pooling2d") }
    }
    for i in 0..<(configuration.blocks - 1) {
      add("conv2d_transpose", ["weight", "bias"].map { "decoder.\(i).up.\($0)" })
      add("concatenate")
      stage("decoder.\(i)")
    }
    for head in configuration.heads {
      add("conv2d", ["weight", "bias"].map { "head.\(head).\($0)" }, name: outputName(head: head))
    }
    return layers
  }

  /// The published model's name for the layer of a head.
  private static func outputName(head: String) -> String { head == "fashion" ? "fashion_mnist_out" : "\(head)_out" }

  /// The head whose layer a model calls `output`; nil where that is not of the published model's form.
  static func head(output: String) -> String? {
    guard output.hasSuffix("_out"), output.count > 4, output.utf8.count <= 64 else { return nil }
    let head = output.dropLast(4)
    guard head.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }) else { return nil }
    return head == "fashion_mnist" ? "fashion" : String(head)
  }
}

extension ParameterLayout.Tensor {
  /// The sizes of the tensor in Keras: a kernel is [rows, columns, in, out], a transposed one [rows, columns, out, in]; of both our
  /// order is the reverse with rows and columns exchanged back, so one permutation serves them.
  var kerasShape: [Int] { shape.count == 4 ? [shape[2], shape[3], shape[1], shape[0]] : shape }

  /// The tensor's elements in Keras's order.
  func inKerasOrder(_ values: ArraySlice<Float>) -> [Float] {
    precondition(values.count == range.count, "\(name): \(values.count) of \(range.count) elements")
    guard shape.count == 4 else { return Array(values) }
    let (rows, columns) = (shape[2], shape[3])
    return Self.transposed(Array(values), shape[0] * shape[1], rows * columns) { outer, inner in
      // [a][b][pixel] to [pixel][b][a].
      inner * shape[0] * shape[1] + (outer % shape[1]) * shape[0] + outer / shape[1]
    }
  }

  /// The tensor's elements in our order, from those in Keras's.
  func fromKerasOrder(_ values: [Float]) -> [Float] {
    precondition(values.count == range.count, "\(name): \(values.count) of \(range.count) elements")
    guard shape.count == 4 else { return values }
    let (first, second, pixels) = (shape[0], shape[1], shape[2] * shape[3])
    // [pixel][b][a] to [a][b][pixel].
    return Self.transposed(values, pixels, first * second) { outer, inner in
      (inner % first * second + inner / first) * pixels + outer
    }
  }

  /// Element [i][j] of `values`, `outer` times `inner` of them, put at `place(i, j)`.
  private static func transposed(
    _ values: [Float], _ outer: Int, _ inner: Int, _ place: (Int, Int) -> Int
  ) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    for i in 0..<outer {
      for j in 0..<inner { result[place(i, j)] = values[i * inner + j] }
    }
    return result
  }
}
