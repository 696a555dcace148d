extension CommandDescription {
  /// The whole reference as a manual page, man(7).
  func manualPage(version: String) -> String {
    var lines = [".TH \(commandName.uppercased()) 1 \"\" \"Unmix \(version)\"", ".SH NAME"]
    lines.append("\(commandName) \\- \(Self.escaped(abstract ?? ""))")
    lines += [".SH SYNOPSIS", ".nf", "\(commandName) [train] [OPTIONS]", "\(commandName) COMMAND [OPTIONS]", ".fi"]
    lines += [".SH DESCRIPTION", Self.paragraphs(discussion)]
    for command in shownSubcommands { lines += command.manualSection(after: nil) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func manualSection(after parent: String?) -> [String] {
    let name = parent.map { "\($0) \(commandName)" } ?? commandName
    var lines = [".SH \(Self.escaped(name).uppercased())", Self.escaped(abstract ?? "")]
    if let discussion, !discussion.isEmpty { lines += [".PP", Self.paragraphs(discussion)] }
    for section in sections {
      lines.append(".SS \(Self.escaped(section.title))")
      for argument in section.arguments {
        lines += [".TP", "\\fB\(Self.escaped(argument.usage))\\fR"]
        let usual = argument.defaultValue.map { " (default: \($0))" } ?? ""
        lines.append(Self.escaped((argument.abstract ?? "") + usual))
      }
    }
    for command in shownSubcommands { lines += command.manualSection(after: name) }
    return lines
  }

  private static func paragraphs(_ text: String?) -> String {
    (text ?? "").split(separator: "\n").map { escaped(String($0)) }.joined(separator: "\n.PP\n")
  }

  /// A backslash and a leading dot or apostrophe mean something to the formatter, and a plain dash is a hyphen to it.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.split(whereSeparator: \.isNewline).joined(separator: " ") {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
  }
}
