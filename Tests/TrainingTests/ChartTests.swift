import Foundation
import FoundationXML
import TestSupport
import Testing

@testable import Training

/// Ticks, lines and text of the report's charts.
struct ChartTests {
  private func labels(_ values: [Double], _ scale: Axis.Scale = .linear, most: Int = 6, isWhole: Bool = false)
    -> [String]
  {
    Axis(values, scale: scale, mostTicks: most, isWhole: isWhole)?.ticks.map(\.label) ?? []
  }

  @Test
  func linearTicksAreRoundNumbersWithinTheRange() {
    #expect(labels([0, 100]) == ["0", "20", "40", "60", "80", "100"])
    #expect(labels([0.13, 0.47]) == ["0.2", "0.3", "0.4"])
    #expect(labels([-1, 1], most: 5) == ["-1.0", "-0.5", "0.0", "0.5", "1.0"])
    #expect(labels([0, 3_700_000], most: 5) == ["0", "1M", "2M", "3M"])
    #expect(labels([0, 20_000], most: 5) == ["0", "5000", "10k", "15k", "20k"])
    #expect(labels([1, 2], most: 9, isWhole: true) == ["1", "2"])
    #expect(labels([1, 4], most: 9, isWhole: true) == ["1", "2", "3", "4"])
  }

  @Test
  func logarithmicTicksArePowersOfTenOrTheirMultiples() {
    #expect(labels([1e-5, 1], .logarithmic) == ["0.00001", "0.0001", "0.001", "0.01", "0.1", "1"])
    #expect(labels([0.002, 0.3], .logarithmic) == ["0.003", "0.01", "0.03", "0.1", "0.3"])
    #expect(labels([1e-9, 1e9], .logarithmic, most: 5).count <= 5)
    #expect(labels([1e-7, 1e-6], .logarithmic, most: 4) == ["1e-7", "2e-7", "5e-7", "1e-6"])
    // Narrower than the multiples of a power.
    #expect(labels([0.0021, 0.0024], .logarithmic, most: 4) == ["0.0021", "0.0022", "0.0023", "0.0024"])
  }

  @Test(arguments: [Axis.Scale.linear, .logarithmic])
  func ticksFitWhateverTheRange(scale: Axis.Scale) throws {
    var numbers = SplitMix(state: 1)
    for _ in 0..<3000 {
      let least = pow(10, Double.random(in: -30...30, using: &numbers))
      let most = least * pow(10, Double.random(in: 0.01...12, using: &numbers))
      let axis = try #require(Axis([least, most], scale: scale, mostTicks: 5, isPadded: true))
      #expect(axis.ticks.count <= 5 && axis.ticks.count >= 1, "\(least) \(most) \(axis)")
      #expect(axis.range.lowerBound <= least && most <= axis.range.upperBound)
      for tick in axis.ticks {
        let position = try #require(axis.position(tick.value))
        #expect(position > -1e-6 && position < 1 + 1e-6, "\(least) \(most) \(tick)")
        #expect(!tick.label.isEmpty && tick.label.count <= 9, "\(tick)")
      }
      #expect(Set(axis.ticks.map(\.label)).count == axis.ticks.count, "\(axis)")
    }
  }

  @Test
  func whatIsNoNumberHasNoPlace() throws {
    #expect(Axis([Double](), mostTicks: 5) == nil)
    #expect(Axis([.nan, .infinity, -.infinity], mostTicks: 5) == nil)
    #expect(Axis([0, -1, .nan], scale: .logarithmic, mostTicks: 5) == nil)
    let axis = try #require(Axis([.nan, 1, 3, .infinity, -2], scale: .logarithmic, mostTicks: 5))
    #expect(axis.range == 1...3)
    #expect(axis.position(.nan) == nil && axis.position(0) == nil && axis.position(.infinity) == nil)
    #expect(axis.position(1) == 0 && axis.position(3) == 1)
  }

  @Test
  func oneValueLiesInTheMiddle() throws {
    for value in [5, 0, -3, 1e-300, 1e9] as [Double] {
      let axis = try #require(Axis([value], mostTicks: 5))
      #expect(abs(try #require(axis.position(value)) - 0.5) < 1e-9, "\(value)")
    }
    let axis = try #require(Axis([0.004], scale: .logarithmic, mostTicks: 5))
    #expect(abs(try #require(axis.position(0.004)) - 0.5) < 1e-9)
  }

  @Test
  func textFromOutsideIsEscaped() {
    var markup = Markup()
    markup.element("p", ["title": "\"><script>"]) { $0.text("<b>&'\u{1}\nü") }
    #expect(markup.text == "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt;&amp;&#39;\u{FFFD}\nü</p>")
    var empty = Markup()
    empty.element("br")
    empty.element("i", "")
    #expect(empty.text == "<br/><i></i>")
  }

  private func chart(_ points: [LineChart.Point], scale: Axis.Scale = .logarithmic) -> LineChart {
    LineChart(
      title: "<t>", xTitle: "x & y", yTitle: "y", yScale: scale,
      series: [.init(name: "<s>", points: points, color: 0)])
  }

  /// The document's elements by their names; fails where it is no XML.
  private func elements(_ svg: String) throws -> [String: Int] {
    final class Counter: NSObject, XMLParserDelegate {
      var counts: [String: Int] = [:]
      func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
      ) {
        counts[name, default: 0] += 1
        for (key, value) in attributes where ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy"].contains(key) {
          #expect(Double(value)?.isFinite == true, "\(key)=\(value)")
        }
      }
    }
    let (parser, counter) = (XMLParser(data: Data(svg.utf8)), Counter())
    parser.delegate = counter
    #expect(parser.parse(), "\(String(describing: parser.parserError)) \(svg)")
    return counter.counts
  }

  @Test
  func aLineOfManyPointsIsOnePath() throws {
    let points = (1...5).map { LineChart.Point(x: Double($0), y: pow(10, -Double($0))) }
    let counts = try elements(try #require(chart(points).svg(width: 300, height: 200)))
    #expect(counts["path"] == 1 && counts["circle"] == nil)
  }

  @Test
  func onePointIsADotAndNoPointIsNoChart() throws {
    let counts = try elements(try #require(chart([.init(x: 1, y: 0.5)]).svg(width: 300, height: 200)))
    #expect(counts["path"] == nil && counts["circle"] == 1)
    #expect(chart([]).svg(width: 300, height: 200) == nil)
    #expect(
      chart([.init(x: .nan, y: 1), .init(x: 1, y: .infinity), .init(x: 1, y: 0)]).svg(width: 300, height: 200) == nil)
  }

  @Test
  func pointsThatCannotBeShownLeaveTheOthers() throws {
    let points: [LineChart.Point] = [
      .init(x: 1, y: 0.1), .init(x: 2, y: .nan), .init(x: 3, y: 0), .init(x: .infinity, y: 1), .init(x: 4, y: 0.2),
    ]
    let svg = try #require(chart(points).svg(width: 300, height: 200))
    _ = try elements(svg)
    #expect(svg.contains("d=\"M") && !svg.contains("nan") && !svg.contains("inf"))
    let path = try #require(svg.components(separatedBy: "d=\"M").last?.split(separator: "\"").first)
    #expect(path.split(separator: "L").count == 2)
  }

  @Test
  func manyPointsAreAveragedAndTheLastOneStays() {
    let points = (0..<1000).map { LineChart.Point(x: Double($0), y: Double($0 % 2)) }
    let thinned = LineChart.thinned(points, most: 101)
    #expect(thinned.count == 101 && thinned.last == points.last)
    #expect(thinned.dropLast(2).allSatisfy { abs($0.y - 0.5) < 1e-12 } && thinned[0].x == 4.5)
    #expect(LineChart.thinned(Array(points[..<101]), most: 101) == Array(points[..<101]))
  }

  @Test
  func momentsWhoseNamesWouldCollideKeepTheirLines() throws {
    var chart = chart((1...9).map { .init(x: Double($0), y: Double($0)) })
    chart.moments = [
      .init(x: 4, label: "rate 0.0003"), .init(x: 4.1, label: "rate 0.00009"), .init(x: 40, label: "far"),
    ]
    let svg = try #require(chart.svg(width: 300, height: 200))
    #expect(svg.components(separatedBy: "class=\"moment\"").count == 1 + 2 + 1)
    #expect(svg.contains("rate 0.0003<") && !svg.contains("rate 0.00009<") && !svg.contains("far"))
  }
}
