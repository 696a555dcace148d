/// Where the parts of a ``LineChart`` lie in a picture of a certain size.
struct ChartFrame {
  private let x: Axis
  private let y: Axis
  private let left: Double
  private let right: Double
  private let top = 28.0
  private let bottom: Double
  private let height: Double

  /// nil where nothing can be shown.
  init?(_ chart: LineChart, width: Double, height: Double) {
    let places = chart.series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let shown = chart.yScale == .logarithmic ? places.filter { $0.y > 0 } : places
    (bottom, self.height) = (height - 40, height)
    let values = shown.map(\.y) + (chart.beginsAtZero ? [0] : [])
    guard !shown.isEmpty,
      let y = Axis(
        values, scale: chart.yScale, mostTicks: max(3, Int((bottom - top) / 36)), isPadded: true)
    else { return nil }
    let letters = y.ticks.map(\.label.count).max() ?? 0
    (left, right) = (Double(letters) * LineChart.letterWidth + 12, width - 14)
    guard
      let x = Axis(shown.map(\.x), mostTicks: max(2, Int((right - left) / 64)), isWhole: chart.hasWholeX)
    else { return nil }
    (self.x, self.y) = (x, y)
  }

  /// Lines, ticks and titles. The vertical axis has its title above, where a phone has room for it.
  func drawAxes(xTitle: String, yTitle: String, into svg: inout Markup) {
    for tick in y.ticks {
      guard let height = height(of: tick.value) else { continue }
      svg.element(
        "line",
        ["class": "grid", "x1": number(left), "x2": number(right), "y1": number(height), "y2": number(height)])
      svg.element(
        "text", ["x": number(left - 6), "y": number(height + 4), "text-anchor": "end"], tick.label)
    }
    svg.element(
      "line", ["class": "axis", "x1": number(left), "x2": number(right), "y1": number(bottom), "y2": number(bottom)])
    for tick in x.ticks {
      guard let place = place(of: tick.value) else { continue }
      svg.element(
        "line",
        ["class": "axis", "x1": number(place), "x2": number(place), "y1": number(bottom), "y2": number(bottom + 4)])
      // The last name must not leave the picture.
      let isLast = place + Double(tick.label.count) * LineChart.letterWidth / 2 > right + 12
      svg.element(
        "text",
        ["x": number(isLast ? right + 10 : place), "y": number(bottom + 17), "text-anchor": isLast ? "end" : "middle"],
        tick.label)
    }
    svg.element(
      "text", ["class": "title", "x": number((left + right) / 2), "y": number(height - 6), "text-anchor": "middle"],
      xTitle)
    svg.element("text", ["class": "title", "x": "2", "y": "12"], yTitle)
  }

  /// A line through the points that can be shown, or dots where it has few.
  func draw(_ series: LineChart.Series, into svg: inout Markup) {
    let places = LineChart.thinned(series.points, most: LineChart.mostPoints).compactMap { point in
      position(of: point).map { (point, $0) }
    }
    guard !places.isEmpty else { return }
    let style = "c\(series.color)" + (series.isDashed ? " dashed" : "")
    svg.element("g", ["class": style]) { group in
      if places.count > 1 {
        let path = places.map { "\(number($0.1.x)) \(number($0.1.y))" }.joined(separator: "L")
        group.element("path", ["class": "line", "d": "M" + path])
      }
      guard series.hasDots || places.count == 1 else { return }
      for (point, place) in places {
        group.element("circle", ["cx": number(place.x), "cy": number(place.y), "r": "3"]) {
          $0.element("title", "\(series.name): \(significant(point.y))")
        }
      }
    }
  }

  /// A ring around each point. Its name would run into the lines: it stands in the legend.
  func drawMarks(_ marks: [LineChart.Mark], into svg: inout Markup) {
    for mark in marks {
      guard let place = position(of: mark.point) else { continue }
      svg.element("circle", ["class": "ring", "cx": number(place.x), "cy": number(place.y), "r": "6.5"]) {
        $0.element("title", mark.label)
      }
    }
  }

  /// Vertical lines; names that would run into an earlier one are left out, their lines stay.
  func drawMoments(_ moments: [LineChart.Moment], into svg: inout Markup) {
    var free = left
    for moment in moments.sorted(by: { $0.x < $1.x }) {
      guard let place = place(of: moment.x) else { continue }
      svg.element(
        "line",
        ["class": "moment", "x1": number(place), "x2": number(place), "y1": number(top - 4), "y2": number(bottom)])
      let width = textWidth(moment.label)
      let begin = min(place + 4, right - width)
      guard begin >= free else { continue }
      svg.element("text", ["class": "moment", "x": number(begin), "y": number(top + 6)], moment.label)
      free = begin + width + 8
    }
  }

  private func textWidth(_ text: String) -> Double { Double(text.count) * LineChart.letterWidth }

  private func place(of value: Double) -> Double? {
    x.position(value).flatMap { (-1e-9...1 + 1e-9).contains($0) ? left + $0 * (right - left) : nil }
  }

  private func height(of value: Double) -> Double? {
    y.position(value).flatMap { (-1e-9...1 + 1e-9).contains($0) ? bottom - $0 * (bottom - top) : nil }
  }

  private func position(of point: LineChart.Point) -> (x: Double, y: Double)? {
    guard let x = place(of: point.x), let y = height(of: point.y) else { return nil }
    return (x, y)
  }

  private func number(_ value: Double) -> String { decimal(value, places: 1) }
}
