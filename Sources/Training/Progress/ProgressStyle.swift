import Glibc

/// How progress may look where it is shown.
package struct ProgressStyle: Sendable, Equatable {
  /// Lines can be rewritten in place.
  package var isLive: Bool
  package var usesColour: Bool
  /// Bars of box-drawing characters; else of ASCII.
  package var usesUnicode: Bool

  package init(isLive: Bool, usesColour: Bool, usesUnicode: Bool) {
    (self.isLive, self.usesColour, self.usesUnicode) = (isLive, usesColour, usesUnicode)
  }

  /// As `environment` asks for on a terminal or elsewhere: NO_COLOR (no-color.org), TERM, and the locale's character set.
  package init(environment: (String) -> String?, isTerminal: Bool) {
    let canMove = isTerminal && !["dumb", "", nil].contains(environment("TERM"))
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty } ?? ""
    isLive = canMove
    usesColour = canMove && (environment("NO_COLOR") ?? "").isEmpty
    usesUnicode = ["UTF-8", "UTF8", "utf8", "utf-8"].contains { locale.contains($0) }
  }

  /// That of `descriptor` in this process; standard error's is that of the mpirun it goes to.
  package static func of(descriptor: Int32) -> ProgressStyle {
    let isTerminal = isatty(descriptor) == 1 || (descriptor == STDERR_FILENO && LauncherTerminal.path != nil)
    return ProgressStyle(
      environment: { unsafe getenv($0).map { unsafe String(cString: $0) } }, isTerminal: isTerminal)
  }
}

/// The size of terminals.
enum TerminalSize {
  /// Columns of the terminal at `descriptor`, or behind it, as it is now; 80 where it does not say.
  static func columns(of descriptor: Int32) -> Int {
    if let columns = ownColumns(of: descriptor) { return columns }
    guard let path = LauncherTerminal.path else { return 80 }
    let terminal = unsafe open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard terminal >= 0 else { return 80 }
    defer { close(terminal) }
    return ownColumns(of: terminal) ?? 80
  }

  private static func ownColumns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
