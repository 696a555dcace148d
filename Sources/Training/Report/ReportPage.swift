import Dataset
import Foundation

/// report.html: one run, or several side by side, as one file that needs no network and has no script.
package struct ReportPage {
  let runs: [RunReport]

  /// A page of `runs`, at least one.
  package init(_ runs: [RunReport]) {
    precondition(!runs.isEmpty, "a report of no run")
    self.runs = runs
  }

  /// The file. Throws `DatasetError` where a picture cannot be compressed.
  package func html() throws -> String {
    var page = Markup()
    page.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">")
    page.element("title", title + " - Unmix")
    page.raw("<style>\(ReportStyle.sheet)</style></head>\n<body><main>\n")
    if let run = runs.first, runs.count == 1 {
      addHeader(of: run, to: &page)
      try addSections(of: run, to: &page)
    } else {
      addComparison(to: &page)
      try addEachRun(to: &page)
    }
    page.raw("<footer>Made by Unmix from the run folder; works without a network.</footer></main></body></html>\n")
    return page.text
  }

  private var title: String { runs.count == 1 ? runs[0].name : "\(runs.count) runs" }

  private func addHeader(of run: RunReport, to page: inout Markup) {
    page.element("header") { header in
      header.element("p", ["class": "kicker"], "Unmix, a training run")
      header.element("h1", run.name)
      header.element("p", ["class": "facts"]) { $0.raw(Self.line(of: Self.facts(of: run))) }
      Self.addWarning(of: [run], to: &header)
    }
  }

  /// Everything about one run below its name.
  private func addSections(of run: RunReport, to page: inout Markup) throws {
    Self.addResult(of: run, to: &page)
    Self.addCurves(of: run, to: &page)
    try Self.addPictures(of: run, to: &page)
    Self.addThroughput(of: run, to: &page)
    Self.addConfiguration(of: run, to: &page)
  }

  private func addEachRun(to page: inout Markup) throws {
    page.element("h2", "Each run")
    for run in runs {
      page.raw("<details class=\"run\"><summary>\(Markup.escaped(label(of: run)))</summary>")
      page.element("p", ["class": "facts"]) { $0.raw(Self.line(of: Self.facts(of: run))) }
      try addSections(of: run, to: &page)
      page.raw("</details>\n")
    }
  }

  /// What a run is called among the others: its folder's name, or the whole path where two have the same.
  func label(of run: RunReport) -> String { runs.filter { $0.name == run.name }.count > 1 ? run.folder : run.name }

  /// Says loudly where pictures were drawn.
  static func addWarning(of runs: [RunReport], to page: inout Markup) {
    let count = runs.filter(\.isSynthetic).count
    guard count > 0 else { return }
    let whose = runs.count == 1 ? "" : count == runs.count ? " in all runs" : " in some of these runs"
    page.element("p", ["class": "warning", "role": "note"]) { warning in
      warning.element("strong", "Synthetic data\(whose).")
      warning.text(
        " The pictures were drawn by this program from the seed. They are not MNIST and not Fashion-MNIST, and the numbers "
          + "cannot be compared with published ones.")
    }
  }

  /// What a run is, in a few words each, escaped.
  static func facts(of run: RunReport) -> [String] {
    let start = run.start
    let hosts = Set(start.hosts).count
    var facts = [
      state(of: run), "\(run.epochs.count) of \(run.plannedEpochs) epochs", "\(grouped(run.stepCount)) steps",
      "\(grouped(start.parameters)) parameters",
      run.ranks == 1 ? "1 rank" : "\(run.ranks) ranks" + (hosts > 1 ? " on \(hosts) hosts" : ""), start.precision,
    ]
    if run.seconds > 0 { facts.insert(clockTime(run.seconds) + " of training", at: 3) }
    facts.append(LocalTime(secondsSince1970: Int(exactly: run.starts[0].time.rounded()) ?? 0).text(between: " "))
    return facts.map(Markup.escaped)
  }

  /// `facts` one after the other; none of them is broken.
  private static func line(of facts: [String]) -> String { facts.map { "<span>\($0)</span>" }.joined(separator: " ") }

  private static func state(of run: RunReport) -> String {
    switch run.end?.reason {
    case .done: "complete"
    case .early: "stopped early by its recipe"
    case .asked: "stopped on request"
    case nil: "under way, or ended without a word"
    }
  }

  /// A chart for wide and one for narrow windows, of which the style sheet shows one; nothing where there is nothing to show.
  static func add(_ chart: LineChart, height: Int = 300, to page: inout Markup) {
    guard let wide = chart.svg(width: 760, height: height), let narrow = chart.svg(width: 340, height: 250) else {
      return
    }
    page.element("div", ["class": "wide"]) { $0.raw(wide) }
    page.element("div", ["class": "narrow"]) { $0.raw(narrow) }
  }

  /// The names of a chart's lines and of its marked points.
  static func addLegend(_ series: [LineChart.Series], marks: [LineChart.Mark] = [], to page: inout Markup) {
    page.element("ul", ["class": "legend"]) { list in
      for line in series {
        list.element("li") { item in
          item.element("svg", ["viewBox": "0 0 28 8", "width": "28", "height": "8", "aria-hidden": "true"]) { svg in
            svg.element("g", ["class": "c\(line.color)" + (line.isDashed ? " dashed" : "")]) {
              $0.element("path", ["class": "line", "d": "M1 4L27 4"])
            }
          }
          item.text(line.name)
        }
      }
      for mark in marks {
        list.element("li") { item in
          item.element("svg", ["viewBox": "0 0 16 16", "width": "16", "height": "16", "aria-hidden": "true"]) {
            $0.element("circle", ["class": "ring", "cx": "8", "cy": "8", "r": "6.5"])
          }
          item.text(mark.label)
        }
      }
    }
  }

  /// A picture in the page itself, shown by its pixels.
  static func add(_ picture: GreyPicture, alternative: String, to page: inout Markup) throws {
    let data = Data(try picture.pngBytes()).base64EncodedString()
    page.element(
      "img",
      [
        "src": "data:image/png;base64,\(data)", "alt": alternative, "width": "\(picture.width)",
        "height": "\(picture.height)",
      ])
  }

  /// 3033346 as 3,033,346.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    let groups = digits.indices.map { index in
      (index > 0 && (digits.count - index).isMultiple(of: 3) ? "," : "") + String(digits[index])
    }
    return (number < 0 ? "-" : "") + groups.joined()
  }
}
