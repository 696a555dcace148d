/// Lines over a common axis, as an SVG element without scripts: colours come from the page's style sheet.
struct LineChart {
  struct Point: Equatable {
    var x: Double
    var y: Double
  }

  struct Series {
    var name: String
    var points: [Point]
    /// Which of the page's colours, from 0.
    var color: Int
    var isDashed = false
    /// Whether every point has a dot; a single point has one in any case.
    var hasDots = false
  }

  /// A point with a ring, and its name for the legend.
  struct Mark {
    var point: Point
    var label: String
  }

  /// A moment: a vertical line with a name.
  struct Moment {
    var x: Double
    var label: String
  }

  /// What the chart shows, for those who do not see it.
  var title: String
  var xTitle: String
  var yTitle: String
  var yScale: Axis.Scale = .linear
  /// Whether the vertical axis begins at zero.
  var beginsAtZero = false
  /// Whether only whole numbers have ticks below.
  var hasWholeX = false
  var series: [Series]
  var marks: [Mark] = []
  var moments: [Moment] = []

  /// Points of a line beyond which neighbours are averaged.
  static let mostPoints = 300

  /// Width of a letter at the size of the labels; a little more than most have.
  static let letterWidth = 6.4

  /// The chart in `width` by `height` CSS pixels; nil where no line has a point that can be shown.
  func svg(width: Int, height: Int) -> String? {
    guard let frame = ChartFrame(self, width: Double(width), height: Double(height)) else { return nil }
    var markup = Markup()
    markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(width) \(height)", "role": "img",
        "aria-label": title, "class": "chart",
      ]
    ) { svg in
      frame.drawAxes(xTitle: xTitle, yTitle: yTitle, into: &svg)
      frame.drawMoments(moments, into: &svg)
      for line in series { frame.draw(line, into: &svg) }
      frame.drawMarks(marks, into: &svg)
    }
    return markup.text
  }

  /// `points` without those that are not finite, neighbours averaged so that at most `most` are left; the last one stays as it is.
  static func thinned(_ points: [Point], most: Int) -> [Point] {
    let points = points.filter { $0.x.isFinite && $0.y.isFinite }
    guard points.count > most, let last = points.last else { return points }
    let size = (points.count - 1 + most - 2) / (most - 1)
    let means = stride(from: 0, to: points.count - 1, by: size).map { begin in
      let group = points[begin..<min(begin + size, points.count - 1)]
      let count = Double(group.count)
      return Point(
        x: group.reduce(0) { $0 + $1.x / count }, y: group.reduce(0) { $0 + $1.y / count })
    }
    return means + [last]
  }
}
