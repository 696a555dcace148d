extension ReportPage {
  /// Epochs up to which the training loss is drawn within them too.
  static let mostDetailedEpochs = 12

  /// The losses: the sum of both heads, and each head.
  static func addCurves(of run: RunReport, to page: inout Markup) {
    let sums = [
      series("training", of: run, color: 1, isTraining: true, \.sum),
      series("validation", of: run, color: 0, isTraining: false, \.sum),
    ].filter { !$0.points.isEmpty }
    guard !sums.isEmpty else { return }
    let heads = run.start.heads
    let parts = [
      series("\(heads.first ?? "first"), training", of: run, color: 2, isTraining: true, \.first),
      series("\(heads.last ?? "second"), training", of: run, color: 3, isTraining: true, \.second),
      series("\(heads.first ?? "first"), validation", of: run, color: 2, isTraining: false, \.first),
      series("\(heads.last ?? "second"), validation", of: run, color: 3, isTraining: false, \.second),
    ].filter { !$0.points.isEmpty }
    let moments = run.learningRateChanges.map {
      LineChart.Moment(x: Double($0.epoch), label: "rate \(rate($0.rate))")
    }
    page.element("section") { section in
      section.element("h2", "Loss")
      section.element("h3", "Sum of both heads")
      let best = run.best.map { best in
        LineChart.Mark(
          point: .init(x: Double(best.epoch), y: best.validation.sum),
          label: "best, epoch \(best.epoch): \(significant(best.validation.sum))")
      }
      addLegend(sums, marks: best.map { [$0] } ?? [], to: &section)
      add(
        LineChart(
          title: "Training and validation loss over the epochs", xTitle: "epoch", yTitle: "mean squared error",
          yScale: .logarithmic, hasWholeX: true, series: sums, marks: best.map { [$0] } ?? [], moments: moments),
        to: &section)
      section.element("h3", "Each head")
      addLegend(parts, to: &section)
      add(
        LineChart(
          title: "Training and validation loss of each head over the epochs", xTitle: "epoch",
          yTitle: "mean squared error", yScale: .logarithmic, hasWholeX: true, series: parts, moments: moments),
        to: &section)
      if let note = learningRateNote(of: run) { section.element("p", ["class": "note"], note) }
    }
  }

  /// What the learning rate of `run` was, in a sentence; nil where nothing is recorded.
  private static func learningRateNote(of run: RunReport) -> String? {
    guard let first = run.epochs.first?.learningRate ?? run.steps.first?.learningRate else { return nil }
    let changes = run.learningRateChanges.map { "\(rate($0.rate)) after epoch \($0.epoch)" }
    guard changes.isEmpty else { return "Learning rate \(rate(first)), then \(changes.joined(separator: ", "))." }
    // A rate that the recipe sets before each step: its highest, and where it was below that again.
    guard let highest = run.epochs.max(by: { $0.learningRate < $1.learningRate }), let last = run.epochs.last,
      let fall = run.epochs.first(where: { $0.epoch > highest.epoch && $0.learningRate < highest.learningRate })
    else { return "Learning rate \(rate(first)) throughout." }
    return "Learning rate \(rate(highest.learningRate)), lower from epoch \(fall.epoch) on; "
      + "\(rate(last.learningRate)) in the last step of epoch \(last.epoch)."
  }

  /// A loss of `run` over its epochs: means over epochs, or over the recorded steps of training where the run is short.
  private static func series(
    _ name: String, of run: RunReport, color: Int, isTraining: Bool, _ part: KeyPath<TrainingStep.Losses, Double>
  ) -> LineChart.Series {
    let points: [LineChart.Point]
    if isTraining && run.epochs.count <= mostDetailedEpochs {
      points = run.steps.map { .init(x: run.place($0), y: $0.losses[keyPath: part]) }
    } else {
      points = run.epochs.map {
        .init(x: Double($0.epoch), y: (isTraining ? $0.losses : $0.validation)[keyPath: part])
      }
    }
    return .init(
      name: name, points: points, color: color, isDashed: isTraining,
      hasDots: !isTraining && points.count <= mostDetailedEpochs)
  }

  /// A learning rate in few digits.
  static func rate(_ rate: Float) -> String { "\(rate)" }
}
