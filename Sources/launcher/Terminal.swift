import Foundation
import Glibc

/// Standard error as a terminal.
enum Terminal {
  static var isStandardError: Bool { isatty(STDERR_FILENO) == 1 }

  /// Replaces the line that the cursor is in.
  static func rewriteLine(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[2K\(text)".utf8))
  }
}
