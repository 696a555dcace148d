extension CommandDescription {
  /// The whole reference as Markdown: a table of options for every command.
  func markdown() -> String {
    var text = "# The command line\n\n"
    text += "Written by `\(commandName) reference markdown`; `\(commandName) reference man` writes a manual page.\n\n"
    text += "\(abstract ?? "")\n\n\(discussion ?? "")\n"
    for command in shownSubcommands { text += command.markdownSection(after: commandName, level: 2) }
    return text
  }

  private func markdownSection(after parent: String, level: Int) -> String {
    let name = "\(parent) \(commandName)"
    var text = "\n\(String(repeating: "#", count: level)) \(name)\n\n\(abstract ?? "")\n"
    if let discussion, !discussion.isEmpty { text += "\n\(discussion)\n" }
    for section in sections {
      text += "\n**\(section.title)**\n\n| | | default |\n|---|---|---|\n"
      for argument in section.arguments {
        let usage = "`\(argument.usage)`"
        let value = argument.defaultValue.map { "`\(Self.cell($0))`" } ?? ""
        text += "| \(Self.cell(usage)) | \(Self.cell(argument.abstract ?? "")) | \(value) |\n"
      }
    }
    for command in shownSubcommands { text += command.markdownSection(after: name, level: level + 1) }
    return text
  }

  /// A table's cell ends at a bar and at a line's end, and tags would be HTML.
  private static func cell(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ").split(
      separator: "|", omittingEmptySubsequences: false
    )
    .joined(separator: "\\|")
  }
}
