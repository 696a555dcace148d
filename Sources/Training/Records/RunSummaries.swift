import Dataset
import TensorBoard

/// What TensorBoard shows of a run whose network has these heads.
struct RunSummaries {
  let heads: [String]

  /// The values of `event`; none where it has none.
  func summaries(of event: RunEvent) -> [Summary] {
    switch event {
    case .start, .end: []
    case .steps(let record): summaries(of: record)
    case .epoch(let record): summaries(of: record)
    case .evaluation(let record): summaries(of: record.result)
    }
  }

  private func summaries(of record: StepsRecord) -> [Summary] {
    let of = "of the \(record.count) steps before"
    func mean(_ seconds: KeyPath<StepsRecord.RankTimes, Double>) -> Double {
      record.ranks.reduce(0) { $0 + $1[keyPath: seconds] } / Double(record.ranks.count)
    }
    return losses("train", record.losses, description: "mean squared error, mean \(of)") + [
      scalar("train/learning_rate", Double(record.learningRate), "the step's learning rate"),
      scalar(
        "train/gradient_norm", record.gradientNorm, "Euclidean length of the last step's gradient, before any clipping"),
      scalar("train/images_per_s", record.imagesPerSecond, "mixed pictures per second of all ranks, mean \(of)"),
      scalar("step_seconds/data", mean(\.data), "seconds of a step: making the pairs, mean over ranks"),
      scalar(
        "step_seconds/compute", mean(\.compute),
        "seconds of a step: forward, loss, backward and update, mean over ranks"),
      scalar(
        "step_seconds/communication", mean(\.communication),
        "seconds of a step: waiting for sums over the ranks, mean over ranks"),
    ]
  }

  private func summaries(of record: EpochRecord) -> [Summary] {
    losses("validation", record.validation, description: "mean squared error of the validation after an epoch")
      + losses("epoch", record.losses, description: "mean squared error, mean of the epoch's steps")
      + [
        scalar(
          "epoch/images_per_s", record.imagesPerSecond, "mixed pictures per second of all ranks, mean of the epoch")
      ]
  }

  private func summaries(of result: EvaluationResult) -> [Summary] {
    let of = "\(result.rounds.count) rounds of \(result.pairs) \(result.split) pairs"
    var summaries = [
      scalar("evaluation/mse", result.mseMean, "mean of both heads' mean squared errors, \(of)"),
      scalar(
        "evaluation/mse_projected", result.projected.mseMean,
        "the same after both predictions were moved so that their mean is the mixed picture"),
    ]
    for head in heads {
      guard let error = result.mseBySource[head] else { continue }
      summaries.append(scalar("evaluation/mse_\(head)", error, "mean squared error of \(head), \(of)"))
    }
    if let psnr = result.psnrDb {
      summaries.append(scalar("evaluation/psnr_db", psnr, "10 log10(1 / evaluation/mse), decibels"))
    }
    return summaries
  }

  /// Pictures of `pairs`, one beside the other: the predictions and their errors, and where asked for what they are made from.
  func summaries(of pairs: [SeparatedPair], withTruth: Bool) -> [Summary] {
    var summaries: [Summary] = []
    if withTruth { summaries.append(picture("mixed", pairs.map(\.mixed), "mixed pictures of the validation")) }
    for (head, name) in heads.enumerated() {
      if withTruth {
        summaries.append(picture("true_\(name)", pairs.map { $0.truth[head] }, "what was mixed: \(name)"))
      }
      summaries.append(picture("predicted_\(name)", pairs.map { $0.predicted[head] }, "as separated: \(name)"))
      summaries.append(
        picture(
          "error_\(name)", pairs.map { $0.difference(head: head) },
          "distance of prediction and truth: white is \(1 / SeparatedPair.errorBrightness) of the range or more"))
    }
    return summaries
  }

  private func losses(_ group: String, _ losses: TrainingStep.Losses, description: String) -> [Summary] {
    [scalar("\(group)/loss", losses.sum, "sum of both heads' losses: \(description)")]
      + zip(heads, [losses.first, losses.second]).map { head, loss in
        scalar("\(group)/loss_\(head)", loss, "\(head): \(description)")
      }
  }

  private func scalar(_ tag: String, _ value: Double, _ description: String) -> Summary {
    Summary(tag, .scalar(Float(value)), description: description)
  }

  private func picture(_ name: String, _ pictures: [[Float]], _ description: String) -> Summary {
    let grid = PictureGrid(rows: [pictures.map(GreyPicture.init(intensities:))]).picture
    guard let png = try? grid.pngBytes() else {
      preconditionFailure("\(grid.width)x\(grid.height) pixels are no picture")
    }
    return Summary(
      "pictures/\(name)", .picture(png: png, width: grid.width, height: grid.height), description: description)
  }
}
