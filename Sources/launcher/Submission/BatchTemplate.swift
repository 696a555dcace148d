/// A batch script of cluster/, cut into its directives and its body. The program carries the scripts' text, so nothing is looked
/// for when it runs.
struct BatchTemplate {
  /// What stands before a directive: `#SBATCH ` or `#PBS `.
  private let marker: String
  private(set) var directives: [String]
  /// Everything below the directives.
  private let body: [Substring]

  /// Cuts `text`, in which the directives stand together above every command.
  init(_ text: String, marker: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.firstIndex(where: { $0.hasPrefix(marker) }),
      let last = lines.lastIndex(where: { $0.hasPrefix(marker) })
    else { preconditionFailure("a template without a line that begins with \(marker)") }
    precondition(
      lines[first...last].allSatisfy { $0.hasPrefix(marker) } && lines[..<first].allSatisfy { $0.hasPrefix("#") },
      "\(marker)in lines \(first) to \(last), between others")
    self.marker = marker
    directives = lines[first...last].map { String($0.dropFirst(marker.count)) }
    body = Array(lines[(last + 1)...])
  }

  /// What a directive sets: `--time` of `--time=4`, `-l walltime` of `-l walltime=4`, `-N` of `-N name`.
  static func subject(of directive: String) -> String {
    let words = (directive.split(separator: "=").first ?? "").split(separator: " ")
    return words.prefix(words.first == "-l" ? 2 : 1).joined(separator: " ")
  }

  /// Puts `directive` in the place of the one of its subject, or below the last one.
  mutating func set(_ directive: String) {
    let subject = Self.subject(of: directive)
    if let place = directives.firstIndex(where: { Self.subject(of: $0) == subject }) {
      directives[place] = directive
    } else {
      directives.append(directive)
    }
  }

  /// Puts `directive` below the last one, untouched.
  mutating func append(_ directive: String) { directives.append(directive) }

  /// The whole script: `comments` under the first line, the directives, `commands`, the body.
  func script(comments: [String], commands: [String]) -> String {
    var lines = ["#!/bin/bash"]
    lines += comments.map { "# " + $0 }
    lines += directives.map { marker + $0 }
    lines += commands
    return lines.joined(separator: "\n") + "\n" + body.joined(separator: "\n")
  }
}
