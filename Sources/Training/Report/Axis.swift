import Glibc

/// One side of a chart: which values it shows, and where it has ticks.
struct Axis: Equatable {
  enum Scale { case linear, logarithmic }

  /// A value with its name.
  struct Tick: Equatable {
    var value: Double
    var label: String
  }

  let scale: Scale
  let range: ClosedRange<Double>
  let ticks: [Tick]

  /// An axis over all of `values` that can be shown: the finite ones, on a logarithmic scale the positive ones. nil where there
  /// are none.
  ///
  /// - Parameters:
  ///   - mostTicks: the ticks that there is room for, at least 2.
  ///   - isPadded: whether the ends lie a little outside the values; else they are the least and the largest.
  ///   - isWhole: whether only whole numbers may have ticks.
  init?(
    _ values: some Sequence<Double>, scale: Scale = .linear, mostTicks: Int, isPadded: Bool = false,
    isWhole: Bool = false
  ) {
    precondition(mostTicks >= 2, "\(mostTicks) ticks")
    let shown = values.filter { Self.isShown($0, scale) }
    guard let least = shown.min(), let most = shown.max() else { return nil }
    self.scale = scale
    range = Self.range(least, most, scale, isPadded: isPadded)
    switch scale {
    case .linear: ticks = Self.linearTicks(range, most: mostTicks, leastStep: isWhole ? 1 : 0)
    case .logarithmic: ticks = Self.logarithmicTicks(range, most: mostTicks)
    }
  }

  /// 0 at the lower end, 1 at the upper one; nil for a value that cannot be shown.
  func position(_ value: Double) -> Double? {
    guard Self.isShown(value, scale) else { return nil }
    switch scale {
    case .linear: return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    case .logarithmic: return log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
    }
  }

  /// Whether `value` has a place. The bounds keep the arithmetic of ranges finite.
  private static func isShown(_ value: Double, _ scale: Scale) -> Bool {
    switch scale {
    case .linear: value.isFinite && value.magnitude < 1e100
    case .logarithmic: value.isFinite && value > 1e-100 && value < 1e100
    }
  }

  private static func range(_ least: Double, _ most: Double, _ scale: Scale, isPadded: Bool) -> ClosedRange<Double> {
    switch scale {
    case .linear:
      // One value alone lies in the middle; neighbours of 1e9 must not become equal by rounding.
      guard most - least > max(1e-9 * max(least.magnitude, most.magnitude), 1e-100) else {
        let half = least.magnitude < 1e-100 ? 1 : least.magnitude / 2
        return least - half...most + half
      }
      let padding = isPadded ? 0.05 * (most - least) : 0
      // Quantities that are never negative have no room for it.
      return (least >= 0 ? max(0, least - padding) : least - padding)...most + padding
    case .logarithmic:
      guard most / least > 1 + 1e-9 else { return least / 2...most * 2 }
      let padding = isPadded ? pow(most / least, 0.06) : 1
      return least / padding...most * padding
    }
  }

  // MARK: Ticks

  /// Multiples of 1, 2 or 5 times a power of ten.
  private static func linearTicks(_ range: ClosedRange<Double>, most: Int, leastStep: Double) -> [Tick] {
    let width = range.upperBound - range.lowerBound
    var exponent = Int(floor(log10(width / Double(most))))
    while true {
      for mantissa in [1.0, 2, 5] {
        let step = mantissa * power(exponent)
        guard step >= leastStep * (1 - 1e-9) else { continue }
        let first = ceil(range.lowerBound / step - 1e-9)
        let last = floor(range.upperBound / step + 1e-9)
        if Int(last - first) + 1 <= most {
          guard first <= last else { return [] }
          return stride(from: first, through: last, by: 1).map { number in
            // A multiple of a negative power is nearer to the decimal number when it is divided.
            let value = exponent < 0 ? number * mantissa / power(-exponent) : number * step
            return Tick(value: value, label: label(value, stepExponent: exponent))
          }
        }
      }
      exponent += 1
    }
  }

  /// Powers of ten and as many of their multiples as there is room for; linear ticks where the range is too narrow for them.
  private static func logarithmicTicks(_ range: ClosedRange<Double>, most: Int) -> [Tick] {
    let decades = Int(floor(log10(range.lowerBound)))...Int(ceil(log10(range.upperBound)))
    var found: [Tick] = []
    for mantissas in [[1], [1, 3], [1, 2, 5], [1, 2, 3, 5, 7]] as [[Double]] {
      let ticks = decades.flatMap { exponent in
        mantissas.map { mantissa in
          let value = exponent < 0 ? mantissa / power(-exponent) : mantissa * power(exponent)
          return Tick(value: value, label: label(mantissa: mantissa, exponent: exponent))
        }
      }.filter { range.contains($0.value) }
      if ticks.count <= most { found = ticks } else if mantissas.count == 1 { found = thinned(ticks, most: most) }
      if ticks.count >= min(4, most) { break }
    }
    return found.count >= 3 ? found : linearTicks(range, most: most, leastStep: 0)
  }

  private static func thinned(_ ticks: [Tick], most: Int) -> [Tick] {
    let every = (ticks.count + most - 1) / most
    return ticks.enumerated().filter { $0.offset.isMultiple(of: every) }.map(\.element)
  }

  /// 10^exponent, exact from 10^0 to 10^22.
  private static func power(_ exponent: Int) -> Double {
    guard exponent >= 0 else { return 1 / power(-exponent) }
    return (0..<exponent).reduce(1) { product, _ in product * 10 }
  }

  /// A multiple of a step of 10^stepExponent or a few of them, in as many digits as tell it from its neighbours.
  private static func label(_ value: Double, stepExponent: Int) -> String {
    func scaled(by exponent: Int) -> String {
      let places = min(max(0, exponent - stepExponent), 10)
      return withoutTrailingZeros(decimal(value / pow(10, Double(exponent)), places: places))
    }
    if value.magnitude >= 1e9 || (value != 0 && stepExponent < -5) {
      let exponent = Int(floor(log10(value.magnitude) + 1e-12))
      return scaled(by: exponent) + "e\(exponent)"
    }
    if value.magnitude >= 1e6 { return scaled(by: 6) + "M" }
    if value.magnitude >= 1e4 { return scaled(by: 3) + "k" }
    return decimal(value, places: value == 0 && stepExponent < -5 ? 0 : max(0, -stepExponent))
  }

  private static func label(mantissa: Double, exponent: Int) -> String {
    guard (-5...3).contains(exponent) else { return "\(Int(mantissa))e\(exponent)" }
    return decimal(mantissa * power(exponent), places: max(0, -exponent))
  }

  private static func withoutTrailingZeros(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = Substring(text)
    while text.hasSuffix("0") { text.removeLast() }
    return String(text.hasSuffix(".") ? text.dropLast() : text)
  }
}
