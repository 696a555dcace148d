extension RunProgress {
  /// One line for a log.
  package var line: String {
    var text =
      "epoch \(place.epoch)/\(epochs)  step \(place.step)/\(stepsPerEpoch)  "
      + (losses.map { "loss \(significant($0.sum))  " } ?? "")
    switch activity {
    case .training: text += "\(rateText)  ETA \(runSecondsLeft.map(clockTime) ?? "-")"
    case .validating(let done, let all): text += "validation \(done)/\(all)"
    case .evaluating(let done, let all): text += "evaluation \(done)/\(all)"
    }
    return isSynthetic ? text + "  [synthetic]" : text
  }

  private var rateText: String { imagesPerSecond.map { "\(decimal($0, places: 0)) images/s" } ?? "- images/s" }

  /// The lines of a block that is at most `width` columns wide.
  package func block(width: Int, style: ProgressStyle) -> [String] {
    let inner = max(1, width - 1)
    var lines = [
      bar("epoch", "\(place.epoch)/\(epochs)", done: runShare, left: runSecondsLeft, inner, style),
      activityBar(inner, style),
    ]
    lines += paragraphs.flatMap { Self.wrapped($0, width: inner) }
    return lines
  }

  private var runShare: Double {
    (Double(epoch) + Double(stepInEpoch) / Double(max(1, stepsPerEpoch))) / Double(max(1, epochs))
  }

  private func activityBar(_ width: Int, _ style: ProgressStyle) -> String {
    func share(_ done: Int, _ all: Int) -> Double { Double(done) / Double(max(1, all)) }
    switch activity {
    case .training:
      return bar(
        "step", "\(place.step)/\(stepsPerEpoch)", done: share(place.step, stepsPerEpoch), left: epochSecondsLeft,
        width,
        style)
    case .validating(let done, let all):
      return bar("validation", "\(done)/\(all)", done: share(done, all), left: nil, width, style)
    case .evaluating(let done, let all):
      return bar("evaluation", "\(done)/\(all)", done: share(done, all), left: nil, width, style)
    }
  }

  /// `name count ━━━━━━━━━━ 50 % ETA 1:00`: where the width does not suffice the bar goes first, then what stands behind it.
  private func bar(
    _ name: String, _ count: String, done: Double, left: Double?, _ width: Int, _ style: ProgressStyle
  ) -> String {
    let share = min(max(done, 0), 1)
    let head = Self.padded(name, 11) + Self.padded(count, 10)
    let tail = "\(Self.right("\(Int(share * 100))", 4)) %" + (left.map { "  ETA \(clockTime($0))" } ?? "")
    // A fixed place for the time, so that the bar does not jump.
    let room = width - head.count - 6 - 14 - 2
    guard room >= 8 else { return String((head + tail).prefix(width)) }
    let filled = Int((share * Double(room)).rounded(.down))
    let (full, empty) = style.usesUnicode ? ("\u{2501}", "\u{2500}") : ("#", ".")
    let (begin, end) = (String(repeating: full, count: filled), String(repeating: empty, count: room - filled))
    guard style.usesColour else { return head + begin + end + tail }
    return head + "\u{1B}[36m" + begin + "\u{1B}[2m" + end + "\u{1B}[0m" + tail
  }

  /// What is said below the bars, each a line if there is room: groups of words that stay together.
  private var paragraphs: [[String]] {
    var groups: [[String]] = []
    var loss: [String] = []
    if let losses {
      loss.append(
        "loss \(significant(losses.sum)) (\(heads[0]) \(significant(losses.first)), \(heads[1]) \(significant(losses.second)))"
      )
    }
    if let validation {
      let best = bestValidationLoss.map { " (best \(significant($0)))" } ?? ""
      loss.append("val_loss \(significant(validation.sum))\(best)")
    }
    if !loss.isEmpty { groups.append(loss) }
    var pace = [rateText + ranksText]
    if let learningRate { pace.append("learning rate \(learningRate)") }
    if let shares {
      func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
      pace.append(
        "compute \(percent(shares.compute)), communication \(percent(shares.communication)), data \(percent(shares.data))"
      )
    }
    groups.append(pace)
    if isSynthetic { groups.append(["[synthetic pictures]"]) }
    return groups
  }

  /// Each rank's images a second, where there are several.
  private var ranksText: String {
    let rates = imagesPerSecondByRank
    switch rates.count {
    case 0...1: return ""
    case 2...8: return " (" + rates.map { decimal($0, places: 0) }.joined(separator: " + ") + ")"
    default:
      let (least, most) = (rates.min() ?? 0, rates.max() ?? 0)
      return " (\(rates.count) ranks of \(decimal(least, places: 0)) to \(decimal(most, places: 0)))"
    }
  }

  /// `groups` in lines of at most `width` columns; a group that is longer by itself is cut off.
  private static func wrapped(_ groups: [String], width: Int) -> [String] {
    var lines: [String] = []
    for group in groups {
      if let last = lines.last, last.count + 2 + group.count <= width {
        lines[lines.count - 1] = last + "  " + group
      } else {
        lines.append(String(group.prefix(width)))
      }
    }
    return lines
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
