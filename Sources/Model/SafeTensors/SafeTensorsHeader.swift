/// The JSON header of a safetensors file, parsed strictly.
///
/// The parser knows the header's only shape instead of JSON at large: it sees duplicate names, which a dictionary would
/// hide, reads whole numbers exactly, and has no recursion that a hostile file could drive deep.
struct SafeTensorsHeader {
  /// One tensor's line; offsets count from the first byte of data.
  struct Entry {
    var name: String
    var dtype: String
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  /// Parses `bytes[range]`. Throws `malformedHeader` or `duplicateName`; the ranges of the data are not looked at.
  init(bytes: [UInt8], range: Range<Int>, path: String) throws(SafeTensorsError) {
    var scanner = JSONScanner(bytes: bytes, range: range, path: path)
    var names: Set<String> = []
    guard range.first.map({ bytes[$0] }) == UInt8(ascii: "{") else {
      throw scanner.malformed("a header begins with {")
    }
    try scanner.object { (scanner, name) throws(SafeTensorsError) in
      guard names.insert(name).inserted else { throw .duplicateName(path: path, name: name) }
      if name == "__metadata__" {
        try scanner.object { (scanner, key) throws(SafeTensorsError) in
          let text = try scanner.string()
          guard metadata.updateValue(text, forKey: key) == nil else { throw .duplicateName(path: path, name: key) }
        }
      } else {
        entries.append(try Self.entry(name, &scanner))
      }
    }
    try scanner.end()
  }

  private static func entry(_ name: String, _ scanner: inout JSONScanner) throws(SafeTensorsError) -> Entry {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { (scanner, field) throws(SafeTensorsError) in
      switch field {
      case "dtype" where dtype == nil: dtype = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.sizes()
      case "data_offsets" where offsets == nil: offsets = try scanner.sizes()
      default:
        throw scanner.malformed(
          "field \(SafeTensorsError.quoted(field)) of \(SafeTensorsError.quoted(name)) is unknown or stands twice")
      }
    }
    guard let dtype, let shape, let offsets, offsets.count == 2 else {
      throw scanner.malformed("\(SafeTensorsError.quoted(name)) needs dtype, shape and two data_offsets")
    }
    return Entry(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
  }
}

/// Reads the few kinds of JSON value that a header holds.
private struct JSONScanner {
  let bytes: [UInt8]
  let range: Range<Int>
  let path: String
  var position: Int

  init(bytes: [UInt8], range: Range<Int>, path: String) {
    self.bytes = bytes
    self.range = range
    self.path = path
    position = range.lowerBound
  }

  func malformed(_ problem: String) -> SafeTensorsError {
    .malformedHeader(path: path, offset: position, problem: problem)
  }

  /// The next byte that is not white space, not consumed; nil at the end.
  mutating func peek() -> UInt8? {
    while position < range.upperBound {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  mutating func take(_ character: Unicode.Scalar) throws(SafeTensorsError) {
    guard peek() == UInt8(ascii: character) else { throw malformed("\(character) expected") }
    position += 1
  }

  /// Whether `character` comes next; consumed if so.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func end() throws(SafeTensorsError) {
    if peek() != nil { throw malformed("nothing but spaces may follow the header's object") }
  }

  /// An object; `value` is called behind each key's colon and reads the value.
  mutating func object(
    _ value: (inout JSONScanner, String) throws(SafeTensorsError) -> Void
  ) throws(SafeTensorsError) {
    try take("{")
    if skip("}") { return }
    repeat {
      let key = try string()
      try take(":")
      try value(&self, key)
    } while skip(",")
    try take("}")
  }

  /// An array of whole numbers of at least 0.
  mutating func sizes() throws(SafeTensorsError) -> [Int] {
    try take("[")
    var result: [Int] = []
    if skip("]") { return result }
    repeat { result.append(try size()) } while skip(",")
    try take("]")
    return result
  }

  private mutating func size() throws(SafeTensorsError) -> Int {
    _ = peek()
    let start = position
    var value = 0
    while position < range.upperBound, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
      let (tens, first) = value.multipliedReportingOverflow(by: 10)
      let (next, second) = tens.addingReportingOverflow(Int(digit))
      guard !first, !second else { throw malformed("a size does not fit 63 bits") }
      value = next
      position += 1
    }
    guard position > start, position - start == 1 || bytes[start] != UInt8(ascii: "0") else {
      throw malformed("a whole number of at least 0 expected")
    }
    return value
  }

  mutating func string() throws(SafeTensorsError) -> String {
    try take("\"")
    var utf8: [UInt8] = []
    while true {
      guard position < range.upperBound else { throw malformed("a text does not end") }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: utf8, as: UTF8.self) else { throw malformed("a text is not UTF-8") }
        return text
      case UInt8(ascii: "\\"):
        utf8.append(contentsOf: String(try escapedCharacter()).utf8)
      case 0..<0x20:
        throw malformed("a control character inside a text")
      default:
        utf8.append(byte)
      }
    }
  }

  /// What stands behind a backslash.
  private mutating func escapedCharacter() throws(SafeTensorsError) -> Unicode.Scalar {
    guard position < range.upperBound else { throw malformed("a text does not end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try fourDigits()
      if (0xD800..<0xDC00).contains(code) {
        guard position + 1 < range.upperBound, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw malformed("half of a surrogate pair") }
        position += 2
        let low = try fourDigits()
        guard (0xDC00..<0xE000).contains(low) else { throw malformed("half of a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw malformed("half of a surrogate pair") }
      return scalar
    default:
      throw malformed("an unknown escape")
    }
  }

  private mutating func fourDigits() throws(SafeTensorsError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard position < range.upperBound,
        let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80
      else { throw malformed("four hexadecimal digits expected") }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
