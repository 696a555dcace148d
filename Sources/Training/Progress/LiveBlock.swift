/// Some lines at the bottom of a terminal that are rewritten in place.
package struct LiveBlock {
  private var lineCount = 0

  package init() {}

  /// What to write so that the block shows `lines`. Each must fit the terminal: one that wraps would leave its rest behind.
  package mutating func draw(_ lines: [String]) -> String {
    let text = clear() + lines.joined(separator: "\n")
    lineCount = lines.count
    return text
  }

  /// What to write so that the block is gone and the cursor stands where it began.
  package mutating func clear() -> String {
    guard lineCount > 0 else { return "" }
    defer { lineCount = 0 }
    let up = lineCount > 1 ? "\u{1B}[\(lineCount - 1)A" : ""
    return "\r" + up + "\u{1B}[J"
  }
}
