/// Words of a command line as bash reads them.
package enum ShellWord {
  /// `word` so that bash reads exactly it, on one line whatever it holds: a line of its own inside could be taken for a directive.
  package static func quote(_ word: String) -> String {
    if !word.isEmpty, word.unicodeScalars.allSatisfy(isPlain) { return word }
    guard word.unicodeScalars.contains(where: isControl) else {
      // By scalars: with a mark that combines with it an apostrophe is another character, and the same byte to bash.
      return "'" + word.unicodeScalars.map { $0 == "'" ? #"'\''"# : String($0) }.joined() + "'"
    }
    return "$'" + word.unicodeScalars.map(escape).joined() + "'"
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_-./:=,+@%".unicodeScalars.contains(scalar))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7F }

  /// Inside `$'...'`. Three octal digits, so that a digit that follows stays itself.
  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return #"\n"#
    case "\t": return #"\t"#
    case "\\", "'": return #"\"# + String(scalar)
    default:
      guard isControl(scalar) else { return String(scalar) }
      let octal = String(scalar.value, radix: 8)
      return #"\"# + String(repeating: "0", count: 3 - octal.count) + octal
    }
  }
}
