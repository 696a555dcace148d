import Foundation

/// Results to standard output, everything else to standard error.
enum Output {
  /// A line of results.
  static func line(_ text: String) { write(text + "\n", to: .standardOutput) }

  /// A whole file as the result, its last line's end included.
  static func text(_ text: String) { write(text, to: .standardOutput) }

  /// A line about the work.
  static func note(_ text: String) { write(text + "\n", to: .standardError) }

  /// One JSON object on one line: sorted keys, numbers that read back as the same bits, `null` where there is none.
  static func json(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    do {
      line(String(decoding: try encoder.encode(value), as: UTF8.self))
    } catch {
      preconditionFailure("\(type(of: value)) has no JSON form: \(error)")
    }
  }

  private static func write(_ text: String, to handle: FileHandle) {
    // Whoever closed the other end does not want to read.
    try? handle.write(contentsOf: Data(text.utf8))
  }
}

/// `rows` as lines with the first column padded, for people.
func table(_ rows: [(name: String, value: String)]) -> String {
  let width = rows.map(\.name.count).max() ?? 0
  return rows.map { row in
    row.name + String(repeating: " ", count: width - row.name.count + 2) + row.value
  }.joined(separator: "\n")
}
