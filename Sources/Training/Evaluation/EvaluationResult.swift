/// The result of an evaluation. As JSON its keys are those of the command line's contract.
package struct EvaluationResult: Sendable, Codable, Equatable {
  /// Mean and spread over the rounds.
  package struct Spread: Sendable, Codable, Equatable {
    package var mseMean: Double
    package var mseStd: Double

    enum CodingKeys: String, CodingKey {
      case mseMean = "mse_mean"
      case mseStd = "mse_std"
    }
  }

  /// Mean over the rounds of the mean of both heads' mean squared errors.
  package var mseMean: Double
  /// Population standard deviation of the rounds (divided by their number).
  package var mseStd: Double
  /// Each round's mean of both heads' mean squared errors.
  package var rounds: [Double]
  /// Each head's mean squared error over all rounds.
  package var mseBySource: [String: Double]
  /// 10 log10(1 / mseMean): the peak is white, 1. nil for predictions without any error.
  package var psnrDb: Double?
  /// Standard error of `mseMean`: the rounds' sample standard deviation / sqrt(rounds), that is mseStd / sqrt(rounds - 1).
  /// nil for a single round.
  package var standardError: Double?
  /// The same after the two predictions a, b were moved by the same residual x - (a + b) / 2 and clamped to [0, 1].
  package var projected: Spread
  /// Pairs of each round.
  package var pairs: Int
  package var seed: UInt64
  package var split: String
  package var precision: String
  /// Where the pictures come from; "synthetic" where they were drawn.
  package var data: String

  enum CodingKeys: String, CodingKey {
    case mseMean = "mse_mean"
    case mseStd = "mse_std"
    case rounds
    case mseBySource = "mse_by_source"
    case psnrDb = "psnr_db"
    case standardError = "standard_error"
    case projected, pairs, seed, split, precision, data
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(mseMean, forKey: .mseMean)
    try container.encode(mseStd, forKey: .mseStd)
    try container.encode(rounds, forKey: .rounds)
    try container.encode(mseBySource, forKey: .mseBySource)
    // Every key is there, as null where there is no number.
    try container.encode(psnrDb, forKey: .psnrDb)
    try container.encode(standardError, forKey: .standardError)
    try container.encode(projected, forKey: .projected)
    try container.encode(pairs, forKey: .pairs)
    try container.encode(seed, forKey: .seed)
    try container.encode(split, forKey: .split)
    try container.encode(precision, forKey: .precision)
    try container.encode(data, forKey: .data)
  }

  /// One JSON object; on one line unless `isPretty`. Numbers read back as the same bits.
  package func json(isPretty: Bool = false) -> String { JSONText.encode(self, isPretty: isPretty) }

  /// The result in a line for people.
  package var summary: String {
    let name = data == "synthetic" ? " (synthetic data)" : ""
    return "evaluation\(name): mse \(significant(mseMean)) +- \(significant(mseStd)) over \(rounds.count) rounds of "
      + "\(pairs) \(split) pairs, \(psnrDb.map { decimal($0, places: 2) } ?? "-") dB; "
      + "projected \(significant(projected.mseMean)) +- \(significant(projected.mseStd))"
  }
}
