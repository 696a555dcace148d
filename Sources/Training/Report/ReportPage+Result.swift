import Glibc

extension ReportPage {
  /// The closing evaluation, beside the published results where it may be; without one the best validation loss.
  static func addResult(of run: RunReport, to page: inout Markup) {
    guard run.evaluation != nil || run.best != nil else { return }
    page.element("section") { section in
      section.element("h2", "Result")
      section.element("div", ["class": "numbers"]) { numbers in
        if let result = run.evaluation { addNumbers(result, heads: run.start.heads, to: &numbers) }
        if let best = run.best {
          addNumber(
            "best validation loss", significant(best.validation.sum), "sum of both heads, epoch \(best.epoch)",
            to: &numbers)
        }
      }
      guard let result = run.evaluation else {
        section.element("p", ["class": "note"], "The closing evaluation on test pairs is not there.")
        return
      }
      section.element("p", ["class": "note"], measure(of: result))
      guard run.isComparable else { return }
      section.element("p", ["class": "lead"], verdict(on: result.mseMean))
      addPublished(beside: [Line(name: run.name, run: run, result: result)], to: &section)
    }
  }

  private static func addNumbers(_ result: EvaluationResult, heads: [String], to page: inout Markup) {
    let spread = result.rounds.count > 1
    page.element("div", ["class": "number main"]) { number in
      number.element("span", ["class": "what"], "mean squared error")
      number.element("span", ["class": "value"], significant(result.mseMean))
      number.element(
        "span", ["class": "with"],
        (spread ? "± \(significant(result.mseStd)) between rounds" : "one round")
          + (result.psnrDb.map { ", \(decimal($0, places: 2)) dB" } ?? ""))
    }
    for head in heads {
      if let value = result.mseBySource[head] { addNumber(head, significant(value), "this head alone", to: &page) }
    }
    addNumber(
      "projected", significant(result.projected.mseMean), "made to average to the mixed picture; counts apart",
      to: &page)
  }

  private static func addNumber(_ what: String, _ value: String, _ with: String, to page: inout Markup) {
    page.element("div", ["class": "number"]) { number in
      number.element("span", ["class": "what"], what)
      number.element("span", ["class": "value"], value)
      number.element("span", ["class": "with"], with)
    }
  }

  /// What was measured, in a sentence.
  static func measure(of result: EvaluationResult) -> String {
    let rounds = result.rounds.count == 1 ? "One round" : "\(result.rounds.count) rounds"
    let usual =
      result.rounds.count == 10 && result.pairs == 5000
      ? "" : " The published measure is ten rounds of 5,000 test pairs."
    return "\(rounds) of \(grouped(result.pairs)) \(result.split) pairs, best weights, \(result.precision)." + usual
  }

  /// How an error compares to the reproduced notebook's.
  static func verdict(on error: Double) -> String {
    let published = PublishedResult.reproduced.meanSquaredError
    let name = "the published notebook's \(significant(published))"
    guard error > 0, error.isFinite else { return "" }
    let ratio = error / published
    if ratio >= 1.005 { return "\(decimal(ratio, places: 2)) times \(name)." }
    if ratio > 0.995 { return "As \(name)." }
    return "\(decimal(100 * (1 - ratio), places: 1)) % below \(name)."
  }

  /// A run in the table of published results.
  struct Line {
    var name: String
    var run: RunReport
    var result: EvaluationResult
  }

  /// All published results and `own` by their plain errors.
  static func addPublished(beside own: [Line], to page: inout Markup) {
    struct Row {
      var name: String
      var error: Double
      var parameters: String
      var samples: String
      var style: String
    }
    var rows = PublishedResult.all.map { result in
      Row(
        name: result.repository, error: result.meanSquaredError,
        parameters: millions(Double(result.parameters), places: 2),
        samples: result.samples.map { millions($0, places: 1) } ?? "not said",
        style: result.isReproduced ? "reproduced" : "")
    }
    rows += own.filter { $0.result.mseMean > 0 && $0.result.mseMean.isFinite }.map { line in
      // The weights are those of the best epoch, the pairs all that the run took.
      Row(
        name: line.name, error: line.result.mseMean,
        parameters: millions(Double(line.run.start.parameters), places: 2),
        samples: millions(line.run.pairs(step: line.run.stepCount), places: 1), style: "own")
    }
    rows.sort { $0.error < $1.error }
    guard let least = rows.first?.error, let most = rows.last?.error else { return }
    page.element("table", ["class": "published"]) { table in
      table.raw(
        "<thead><tr><th>result</th><th class=\"n\">error <wbr>×10⁻⁴</th><th class=\"track\"></th><th class=\"n\">parameters</th>"
          + "<th class=\"n\">samples</th></tr></thead>")
      table.element("tbody") { body in
        for row in rows {
          body.element("tr", ["class": row.style]) { cells in
            cells.element("td") { $0.raw(breakable(row.name)) }
            cells.element("td", ["class": "n"], decimal(row.error * 1e4, places: row.error < 1e-2 ? 3 : 0))
            let place = most > least ? log(row.error / least) / log(most / least) : 0
            cells.element("td", ["class": "track"]) { track in
              track.element("span") { $0.element("i", ["style": "left:\(decimal(100 * place, places: 1))%"], "") }
            }
            cells.element("td", ["class": "n"], row.parameters)
            cells.element("td", ["class": "n"], row.samples)
          }
        }
      }
    }
    page.element(
      "p", ["class": "note"],
      "Plain errors of both heads, as the repositories give them; the dots lie on a logarithmic scale. Samples are training pairs."
    )
  }

  /// A number as millions, or as thousands where it has less than a tenth of one.
  static func millions(_ number: Double, places: Int) -> String {
    number >= 1e5 ? decimal(number / 1e6, places: places) + " M" : decimal(number / 1e3, places: 1) + " k"
  }

  /// A name that may break after its slashes, dashes and underscores, escaped.
  private static func breakable(_ name: String) -> String {
    name.map { Markup.escaped(String($0)) + ("/-_".contains($0) ? "<wbr>" : "") }.joined()
  }
}
