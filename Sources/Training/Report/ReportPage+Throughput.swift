extension ReportPage {
  /// Ranks up to which each has a bar of its own.
  static let mostBars = 32

  /// Pairs in a second over the run, and what the ranks did with their time.
  static func addThroughput(of run: RunReport, to page: inout Markup) {
    guard let mean = run.imagesPerSecond else { return }
    page.element("section") { section in
      section.element("h2", "Throughput")
      section.element("p", ["class": "lead"]) { lead in
        lead.element("b", "\(decimal(mean, places: mean < 100 ? 1 : 0)) images/s")
        lead.text(
          run.ranks > 1
            ? " on \(run.ranks) ranks, \(decimal(mean / Double(run.ranks), places: 1)) each." : " on one rank.")
      }
      if run.steps.count > 1 {
        add(
          LineChart(
            title: "Images a second over the run", xTitle: "minutes of training", yTitle: "images/s",
            beginsAtZero: true,
            series: [
              .init(
                name: "images/s", points: run.steps.map { .init(x: $0.seconds / 60, y: $0.imagesPerSecond) }, color: 0)
            ]),
          height: 200, to: &section)
      }
      addShares(run.rankTimes, hosts: run.start.hosts, to: &section)
    }
  }

  /// The parts of a step with the page's colours.
  private static var parts: [(name: String, value: KeyPath<StepsRecord.RankTimes, Double>, color: Int)] {
    [("compute", \.compute, 0), ("communication", \.communication, 1), ("data", \.data, 2)]
  }

  private static func addShares(_ ranks: [StepsRecord.RankTimes], hosts: [String], to page: inout Markup) {
    let whole = ranks.reduce(0) { $0 + $1.seconds }
    guard whole > 0, whole.isFinite else { return }
    page.element("h3", "Share of a step")
    page.element("ul", ["class": "legend"]) { list in
      for part in parts {
        let share = ranks.reduce(0) { $0 + $1[keyPath: part.value] } / whole
        list.element("li") { item in
          item.element("i", ["class": "swatch b\(part.color)"], "")
          item.text("\(part.name) \(decimal(100 * share, places: 1)) %")
        }
      }
    }
    if ranks.count <= mostBars {
      addBars(ranks, hosts: hosts, to: &page)
    } else {
      addSpread(ranks, to: &page)
    }
  }

  private static func addBars(_ ranks: [StepsRecord.RankTimes], hosts: [String], to page: inout Markup) {
    let severalHosts = Set(hosts).count > 1
    page.element("div", ["class": "bars"]) { bars in
      for (rank, times) in ranks.enumerated() where times.seconds > 0 {
        bars.element("span", "rank \(rank)" + (severalHosts ? ", \(hosts[rank])" : ""))
        bars.element("span", ["class": "bar"]) { bar in
          for part in parts {
            let share = 100 * times[keyPath: part.value] / times.seconds
            bar.element(
              "i",
              [
                "class": "b\(part.color)", "style": "width:\(decimal(max(share, 0), places: 2))%",
                "title": "\(part.name): \(decimal(1000 * times[keyPath: part.value], places: 2)) ms of a step",
              ], "")
          }
        }
        bars.element(
          "span", ["class": "n"],
          "\(decimal(Double(times.pairs) / times.seconds, places: 1)) images/s")
      }
    }
  }

  private static func addSpread(_ ranks: [StepsRecord.RankTimes], to page: inout Markup) {
    page.raw("<table><thead><tr><th>ms of a step</th><th class=\"n\">least</th><th class=\"n\">median</th>")
    page.raw("<th class=\"n\">most</th></tr></thead><tbody>")
    for part in parts {
      let values = ranks.map { 1000 * $0[keyPath: part.value] }.sorted()
      page.element("tr") { row in
        row.element("td", part.name)
        for value in [values[0], values[values.count / 2], values[values.count - 1]] {
          row.element("td", ["class": "n"], decimal(value, places: 2))
        }
      }
    }
    page.raw("</tbody></table>")
  }
}
