import Dataset
import Foundation
import Model
import TestSupport
import Testing

/// The numbers of `launcher evaluate` against their definitions.
struct EvaluationTests {
  private static let (rounds, pairs, seed) = (3, 70, 9)

  /// Pictures each of another brightness, so that rounds differ.
  private static func writePictures(to scratch: TemporaryFolder) throws {
    for (source, darkest) in [("mnist", 10), ("fashion-mnist", 90)] {
      for (name, count) in [("train-images-idx3-ubyte", 5), ("t10k-images-idx3-ubyte", 5)] {
        var bytes: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 28, 0, 0, 0, 28]
        for number in 0..<count { bytes += (0..<784).map { UInt8(darkest + 30 * number + $0 % 20) } }
        try scratch.write(bytes, to: "data/\(source)/\(name)")
      }
    }
  }

  /// Picture `number` of `set` in the middle of 32x32.
  private static func padded(_ set: ImageSet, _ number: Int) -> [Double] {
    let (top, left) = ((32 - set.rows) / 2, (32 - set.columns) / 2)
    return (0..<1024).map { index in
      let (row, column) = (index / 32 - top, index % 32 - left)
      guard (0..<set.rows).contains(row), (0..<set.columns).contains(column) else { return 0 }
      return Double(set.pixels[(number * set.rows + row) * set.columns + column]) / 255
    }
  }

  /// Mean squared errors of each round, by these predictions of every pixel: of the two heads, then of both when they are projected.
  private static func errors(_ predicted: [Double], _ sources: SourceData) -> [[Double]] {
    let generator = MixingGenerator(sources: sources, stream: .test, seed: UInt64(seed), imageSize: 32)
    let pictures = sources.test.map { set in (0..<set.count).map { padded(set, $0) } }
    return (0..<rounds).map { round in
      var sums = [0.0, 0, 0, 0]
      for index in 0..<pairs {
        let pair = generator.pair(step: round, index: index)
        for truth in zip(pictures[0][pair.first], pictures[1][pair.second]).map({ [$0, $1] }) {
          let residual = (truth[0] + truth[1] - predicted[0] - predicted[1]) / 2
          for head in 0..<2 {
            let error = predicted[head] - truth[head]
            let projected = min(max(predicted[head] + residual, 0), 1) - truth[head]
            sums[head] += error * error
            sums[2 + head] += projected * projected
          }
        }
      }
      return sums.map { $0 / Double(pairs * 1024) }
    }
  }

  /// A network of zeros predicts the biases of its heads. The pairs are more than one batch, the second of which is not full.
  @Test(arguments: [nil, 2])
  func theResultOfConstantPredictionsIsThatOfSumsByHand(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    try Self.writePictures(to: scratch)
    let network = UNetConfiguration(baseChannels: 1, blocks: 1, convolutionsPerBlock: 1)
    let layout = ParameterLayout(network)
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    for tensor in layout.tensors where tensor.role == .movingVariance {
      values.copy([Float](repeating: 1, count: tensor.range.count), at: tensor.range.lowerBound)
    }
    values.copy([0.25], at: layout["head.mnist.bias"].range.lowerBound)
    values.copy([0.75], at: layout["head.fashion.bias"].range.lowerBound)
    let weights = try scratch.write(SafeTensorsFile(weights: values, layout: layout).serialized(), to: "w.safetensors")
    let outcome = try launch(
      [
        "evaluate", "--weights", weights, "--data", scratch("data"), "--rounds", "\(Self.rounds)", "--pairs",
        "\(Self.pairs)", "--seed", "\(Self.seed)", "--precision", "f32", "--threads", "1", "--json",
      ], ranks: ranks)
    #expect(outcome.succeeded, "\(outcome)")

    let sources = try loadSources(
      DataRequest(data: scratch("data"), sources: nil, environment: [:], seed: UInt64(Self.seed)))
    let errors = Self.errors([0.25, 0.75], sources)
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    func deviation(_ values: [Double]) -> Double {
      mean(values.map { ($0 - mean(values)) * ($0 - mean(values)) }).squareRoot()
    }
    let (plain, projected) = (errors.map { ($0[0] + $0[1]) / 2 }, errors.map { ($0[2] + $0[3]) / 2 })
    let result = try outcome.json()
    let bySource = try #require(result["mse_by_source"] as? [String: Double])
    let moved = try #require(result["projected"] as? [String: Double])
    let numbers: [(name: String, found: Double?, expected: Double)] = [
      ("mse_mean", result["mse_mean"] as? Double, mean(plain)),
      ("mse_std", result["mse_std"] as? Double, deviation(plain)),
      ("mnist", bySource["mnist"], mean(errors.map { $0[0] })),
      ("fashion", bySource["fashion"], mean(errors.map { $0[1] })),
      ("psnr_db", result["psnr_db"] as? Double, 10 * log10(1 / mean(plain))),
      // The sample's deviation over the root of the number of rounds.
      ("standard_error", result["standard_error"] as? Double, deviation(plain) / Double(Self.rounds - 1).squareRoot()),
      ("projected", moved["mse_mean"], mean(projected)), ("projected's", moved["mse_std"], deviation(projected)),
    ]
    // A picture's intensities are f32, so that an error is known to about 1e-7.
    for (name, found, expected) in numbers {
      #expect(try expected > 1e-3 && abs(#require(found) - expected) < 1e-6, "\(name): \(String(describing: found))")
    }
    let found = try #require(result["rounds"] as? [Double])
    #expect(found.count == plain.count && zip(found, plain).allSatisfy { abs($0 - $1) < 1e-6 }, "\(found)")
  }

  /// The fast recipe judges every epoch by the first pairs of the validation, which are a round of such an evaluation.
  @Test
  func theLossOfAValidationIsTheErrorOfItsPairs() throws {
    let run = try TinyRun.done()
    let rows = try Metrics.rows(ofRun: run.folder).dropFirst().map { $0.compactMap { Double($0) } }
    // The one whose weights were kept.
    let best = try #require(rows.min { $0[6] < $1[6] })
    let outcome = try launch([
      "evaluate", "--weights", run.weights, "--data", "synthetic", "--precision", "f32", "--split", "validation",
      "--rounds", "1", "--pairs", "\(2 * 32)", "--json",
    ])
    #expect(outcome.succeeded, "\(outcome)")
    let errors = try #require(try outcome.json()["mse_by_source"] as? [String: Double])
    for (head, loss) in zip(["mnist", "fashion"], best[7...8]) {
      #expect(try loss > 0 && abs(#require(errors[head]) - loss) < 1e-6 * loss, "\(errors), not \(best)")
    }
  }
}
