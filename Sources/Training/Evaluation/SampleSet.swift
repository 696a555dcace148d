package import Model

/// The separated pairs that a run keeps to be looked at: samples.safetensors.
package struct SampleSet: Sendable, Equatable {
  /// Names of the two heads.
  package var heads: [String]
  /// Where the pictures come from; "synthetic" where they were drawn.
  package var data: String
  /// Steps of the run that made the prediction.
  package var step: Int
  /// The first pairs of the closing evaluation's first round.
  package var first: [SeparatedPair]
  /// Those of this round with the largest errors, the largest first; empty without an evaluation.
  package var worst: [SeparatedPair] = []
  /// Those with the smallest errors, the smallest first.
  package var best: [SeparatedPair] = []

  /// How many of each kind a run keeps: their file stays below half a MiB.
  static let (firstCount, extremeCount) = (8, 4)

  /// The numbers of the pairs with the largest and the smallest of `errors`, at most `count` of each, none in both.
  static func extremes(of errors: [Double], count: Int) -> (worst: [Int], best: [Int]) {
    // Of equal errors the earlier pair comes first, on every machine.
    let order = errors.indices.sorted { (errors[$0], $0) < (errors[$1], $1) }
    let count = min(count, order.count / 2)
    return (order.suffix(count).reversed(), Array(order.prefix(count)))
  }
}

extension SampleSet {
  private var groups: [(name: String, pairs: [SeparatedPair])] { [("first", first), ("worst", worst), ("best", best)] }

  /// The file: for each group of n pairs `GROUP.number` [n] I64, `GROUP.mixed`, `GROUP.predicted.HEAD`, `GROUP.true.HEAD`
  /// [n, side, side] F32 and `GROUP.mse.HEAD` [n] F64. A group without pairs has no tensors.
  package var file: SafeTensorsFile {
    let side = first.first.map { Int(Double($0.mixed.count).squareRoot()) } ?? 0
    var tensors: [SafeTensorsFile.Tensor] = []
    for (group, pairs) in groups where !pairs.isEmpty {
      func add(_ name: String, _ pictures: [[Float]]) {
        tensors.append(
          .init(name: "\(group).\(name)", shape: [pairs.count, side, side], values: pictures.flatMap { $0 }))
      }
      tensors.append(.init(name: "\(group).number", shape: [pairs.count], values: pairs.map { Int64($0.number) }))
      add("mixed", pairs.map(\.mixed))
      for (index, head) in heads.enumerated() {
        add("predicted.\(head)", pairs.map { $0.predicted[index] })
        add("true.\(head)", pairs.map { $0.truth[index] })
        tensors.append(
          .init(name: "\(group).mse.\(head)", shape: [pairs.count], values: pairs.map { $0.errors[index] }))
      }
    }
    return SafeTensorsFile(
      tensors: tensors, metadata: ["heads": heads.joined(separator: ","), "data": data, "step": "\(step)"])
  }

  /// Reads what `file` wrote. Throws `SafeTensorsError` for the first tensor that is missing or wrong, ``ReportError/damaged(path:problem:)``
  /// where the heads are not named.
  package init(_ file: SafeTensorsFile) throws {
    heads = (file.metadata["heads"] ?? "").split(separator: ",").map(String.init)
    guard heads.count == 2 else {
      throw ReportError.damaged(path: file.path, problem: "the metadata names no two heads")
    }
    data = file.metadata["data"] ?? ""
    step = file.metadata["step"].flatMap { Int($0) } ?? 0
    first = try Self.pairs("first", heads: heads, in: file)
    worst = try Self.pairs("worst", heads: heads, in: file)
    best = try Self.pairs("best", heads: heads, in: file)
  }

  private static func pairs(
    _ group: String, heads: [String], in file: SafeTensorsFile
  ) throws(SafeTensorsError) -> [SeparatedPair] {
    guard let numbers = file["\(group).number"] else { return [] }
    let count = numbers.shape.first ?? 0
    guard numbers.shape == [count] else {
      throw .wrongShape(path: file.path, tensor: numbers.name, expected: [count], found: numbers.shape)
    }
    let mixed = try pictures("\(group).mixed", count: count, in: file)
    var (predicted, truth): ([[[Float]]], [[[Float]]]) = ([], [])
    for head in heads {
      predicted.append(try pictures("\(group).predicted.\(head)", count: count, in: file))
      truth.append(try pictures("\(group).true.\(head)", count: count, in: file))
    }
    return try numbers.integers().enumerated().map { index, number in
      SeparatedPair(
        number: Int(number), mixed: mixed[index], predicted: predicted.map { $0[index] },
        truth: truth.map { $0[index] })
    }
  }

  private static func pictures(
    _ name: String, count: Int, in file: SafeTensorsFile
  ) throws(SafeTensorsError) -> [[Float]] {
    let tensor = try file.tensor(name)
    let side = min(max(1, tensor.shape.last ?? 1), UNetConfiguration.maximumImageSize)
    let expected = [count, side, side]
    guard tensor.shape == expected else {
      throw .wrongShape(path: file.path, tensor: name, expected: expected, found: tensor.shape)
    }
    let (values, pixels) = (try tensor.floats(), side * side)
    return (0..<count).map { Array(values[$0 * pixels..<($0 + 1) * pixels]) }
  }
}
