extension ReportPage {
  /// Lines of one chart beyond which colours would come again.
  static let colorCount = 6

  /// Several runs: a table of results, all validation curves, throughput against ranks, options that differ.
  func addComparison(to page: inout Markup) {
    page.element("header") { header in
      header.element("p", ["class": "kicker"], "Unmix, side by side")
      header.element("h1", "\(runs.count) runs")
      Self.addWarning(of: runs, to: &header)
    }
    addResults(to: &page)
    addCurves(to: &page)
    addScaling(to: &page)
    addDifferences(to: &page)
  }

  private func addResults(to page: inout Markup) {
    page.element("section") { section in
      section.element("h2", "Results")
      section.raw("<div class=\"scroll\"><table class=\"runs\"><thead><tr><th>run</th>")
      for name in ["error", "projected", "validation", "epochs", "samples", "ranks", "images/s", "time"] {
        section.raw("<th class=\"n\">\(name)</th>")
      }
      section.raw("</tr></thead><tbody>")
      for (index, run) in runs.enumerated() {
        section.element("tr") { row in
          row.element("td") { cell in
            cell.element("i", ["class": "swatch b\(index % Self.colorCount)"], "")
            cell.text(label(of: run) + (run.isSynthetic ? " (synthetic)" : ""))
          }
          let values: [(name: String, value: String?)] = [
            ("error", run.evaluation.map { significant($0.mseMean) }),
            ("projected", run.evaluation.map { significant($0.projected.mseMean) }),
            ("validation", run.best.map { significant($0.validation.sum) }), ("epochs", "\(run.epochs.count)"),
            ("samples", Self.millions(run.pairs(step: run.stepCount), places: 2)), ("ranks", "\(run.ranks)"),
            ("images/s", run.imagesPerSecond.map { decimal($0, places: 0) }), ("time", clockTime(run.seconds)),
          ]
          for (name, value) in values { row.element("td", ["class": "n", "data-name": name], value ?? "–") }
        }
      }
      section.raw("</tbody></table></div>")
      section.element(
        "p", ["class": "note"],
        "error: mean squared error of the closing evaluation, plain; projected: after both predictions were moved to average "
          + "to the mixed picture; validation: least validation loss, sum of both heads.")
      let own = runs.compactMap { run in
        run.evaluation.flatMap { run.isComparable ? Self.Line(name: label(of: run), run: run, result: $0) : nil }
      }
      if !own.isEmpty { Self.addPublished(beside: own, to: &section) }
    }
  }

  private func addCurves(to page: inout Markup) {
    let series = runs.enumerated().map { index, run in
      LineChart.Series(
        name: label(of: run),
        points: run.epochs.map { .init(x: run.pairs(step: $0.step), y: $0.validation.sum) },
        color: index % Self.colorCount, isDashed: index >= Self.colorCount, hasDots: run.epochs.count <= 12)
    }.filter { !$0.points.isEmpty }
    guard !series.isEmpty else { return }
    page.element("section") { section in
      section.element("h2", "Validation loss")
      Self.addLegend(series, to: &section)
      Self.add(
        LineChart(
          title: "Validation loss of each run over the training pairs", xTitle: "training pairs",
          yTitle: "mean squared error, sum of both heads", yScale: .logarithmic, series: series),
        height: 340, to: &section)
    }
  }

  /// The best throughput of each number of ranks; nothing where all runs had the same.
  private func addScaling(to page: inout Markup) {
    let best = runs.reduce(into: [Int: Double]()) { best, run in
      if let rate = run.imagesPerSecond { best[run.ranks] = max(best[run.ranks] ?? 0, rate) }
    }.sorted { $0.key < $1.key }
    guard best.count > 1, let least = best.first else { return }
    let measured = LineChart.Series(
      name: "measured", points: best.map { .init(x: Double($0.key), y: $0.value) }, color: 0, hasDots: true)
    let proportional = LineChart.Series(
      name: "in proportion to the ranks",
      points: best.map { .init(x: Double($0.key), y: least.value * Double($0.key) / Double(least.key)) }, color: 1,
      isDashed: true)
    page.element("section") { section in
      section.element("h2", "Scaling")
      Self.addLegend([measured, proportional], to: &section)
      Self.add(
        LineChart(
          title: "Images a second against ranks", xTitle: "ranks", yTitle: "images/s", beginsAtZero: true,
          hasWholeX: true, series: [proportional, measured]),
        height: 260, to: &section)
      let networks = Set(runs.map { "\($0.start.parameters) \($0.start.precision) \($0.start.globalBatch)" })
      if networks.count > 1 {
        section.element(
          "p", ["class": "note"],
          "These runs differ in network, precision or batch: their throughputs are not those of one program on more ranks."
        )
      }
    }
  }

  private func addDifferences(to page: inout Markup) {
    let names = runs.flatMap { $0.options.map(\.name) }.reduce(into: [String]()) { names, name in
      if !names.contains(name) { names.append(name) }
    }
    func value(_ run: RunReport, _ name: String) -> String { run.options.first { $0.name == name }?.value ?? "–" }
    let differing = names.filter { name in
      !["output", "resume"].contains(name) && Set(runs.map { value($0, name) }).count > 1
    }
    guard !differing.isEmpty else { return }
    page.element("section") { section in
      section.element("h2", "Options that differ")
      section.raw("<div class=\"scroll\"><table><thead><tr><th>option</th>")
      for run in runs { section.element("th", ["class": "n"], label(of: run)) }
      section.raw("</tr></thead><tbody>")
      for name in differing {
        section.element("tr") { row in
          row.element("td", name)
          for run in runs { row.element("td", ["class": "n"], value(run, name)) }
        }
      }
      section.raw("</tbody></table></div>")
    }
  }
}
