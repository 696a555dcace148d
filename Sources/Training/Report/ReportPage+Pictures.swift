import Dataset

extension ReportPage {
  /// The kept pairs, each with its pictures and errors.
  static func addPictures(of run: RunReport, to page: inout Markup) throws {
    guard let samples = run.samples, !samples.first.isEmpty else { return }
    page.raw("<section><h2>Separated test pairs</h2>")
    page.element(
      "p", ["class": "note"],
      "The numbers are each head's mean squared error. The last picture of a row is the distance from the truth, "
        + "\(Int(SeparatedPair.errorBrightness)) times as bright. Separated by the best weights of "
        + "\(grouped(samples.step)) steps.")
    let groups = [
      ("The first ones", samples.first), ("The worst of the first round", samples.worst),
      ("The best of the first round", samples.best),
    ]
    for (name, pairs) in groups where !pairs.isEmpty {
      page.element("h3", name)
      page.raw("<div class=\"pairs\">")
      for pair in pairs { try add(pair, heads: samples.heads, to: &page) }
      page.raw("</div>")
    }
    page.raw("</section>\n")
  }

  private static func add(_ pair: SeparatedPair, heads: [String], to page: inout Markup) throws {
    page.raw("<figure class=\"pair\">")
    page.raw("<div class=\"mixed\">")
    page.element("span", "mixed")
    try add(GreyPicture(intensities: pair.mixed), alternative: "mixed picture of pair \(pair.number + 1)", to: &page)
    page.element("small", "pair \(grouped(pair.number + 1))")
    page.raw("</div><div class=\"parts\">")
    for label in ["predicted", "true", "error"] { page.element("span", label) }
    for (index, head) in heads.enumerated() {
      let pictures = [
        ("predicted", pair.predicted[index]), ("true", pair.truth[index]), ("error", pair.difference(head: index)),
      ]
      for (name, values) in pictures {
        try add(GreyPicture(intensities: values), alternative: "\(name) \(head)", to: &page)
      }
      page.element("small") { caption in
        caption.text("\(head) ")
        caption.element("b", significant(pair.errors[index]))
      }
    }
    page.raw("</div></figure>")
  }
}
