import ArgumentParser

/// `launcher reference`.
struct Reference: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the reference of all commands and options.",
    discussion: """
      launcher reference man > launcher.1 is a manual page; docs/options.md is launcher reference markdown. Completions come from \
      launcher --generate-completion-script bash (zsh, fish).
      """)

  enum Form: String, CaseIterable, ExpressibleByArgument { case man, markdown }

  @Argument(help: "man or markdown.")
  var form: Form

  func run() {
    let program = CommandDescription.ofThisProgram
    switch form {
    case .man: Output.text(program.manualPage(version: Launcher.configuration.version))
    case .markdown: Output.text(program.markdown())
    }
  }
}
