/// `value` with `places` digits after the point; "-" where it is not finite.
func decimal(_ value: Double, places: Int) -> String {
  guard value.isFinite, value.magnitude < 1e15 else { return value.isFinite ? "\(value)" : "-" }
  let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
  let scaled = Int((value.magnitude * scale).rounded())
  var digits = String(scaled)
  digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
  let sign = value < 0 && scaled != 0 ? "-" : ""
  return places == 0 ? sign + digits : sign + digits.dropLast(places) + "." + digits.suffix(places)
}

/// `value` to four significant digits: 0.004512, 0.00001235, 1.235e-6, 1.235e+4.
func significant(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  var (mantissa, exponent) = (value.magnitude, 0)
  while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  // 9.9996 is 10.00 in four digits.
  if (mantissa * 1000).rounded() >= 10_000 { (mantissa, exponent) = (1, exponent + 1) }
  let sign = value < 0 ? "-" : ""
  if (-5..<4).contains(exponent) { return sign + decimal(value.magnitude, places: max(0, 3 - exponent)) }
  return "\(sign)\(decimal(mantissa, places: 3))e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
}

/// Seconds as 1:02:03, or 2:03 under an hour.
func clockTime(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "-" }
  let whole = Int(seconds.rounded())
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
}
