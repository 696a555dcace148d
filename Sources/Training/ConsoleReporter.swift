import Glibc

/// Lines of a run to standard error and to the run folder's log.txt.
///
/// On a terminal the progress line is rewritten in place; elsewhere it comes as a plain line at most every half minute, so
/// that a batch job's output stays readable.
package final class ConsoleReporter: RunReporter {
  /// Seconds between progress lines where there is no terminal.
  static let plainInterval = 30.0

  private let descriptor: Int32
  private let isTerminal: Bool
  private var log: AppendedFile?
  private var lastPlain = Stopwatch.now
  private var showsProgress = false

  /// A reporter on `descriptor`, standard error unless said otherwise.
  package init(descriptor: Int32 = STDERR_FILENO) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
  }

  package func attach(runFolder: String) throws { log = try AppendedFile("\(runFolder)/log.txt") }

  package func line(_ text: String) {
    clearProgress()
    put(text + "\n")
    do {
      try log?.append("\(LocalTime.now.text(between: " ")) \(text)")
    } catch {
      // A full disk must not end a run for the sake of its log; a checkpoint that cannot be written will.
      log = nil
      put("\(error); the log ends here\n")
    }
  }

  package func progress(_ text: String) {
    if isTerminal {
      put("\r\u{1B}[2K\(text)")
      showsProgress = true
    } else if Stopwatch.now - lastPlain >= Self.plainInterval {
      lastPlain = Stopwatch.now
      line(text)
    }
  }

  deinit { clearProgress() }

  private func clearProgress() {
    if showsProgress { put("\r\u{1B}[2K") }
    showsProgress = false
  }

  private func put(_ text: String) {
    // Whoever closed standard error does not want to read.
    _ = FileSystem.writeAll(Array(text.utf8), to: descriptor)
  }
}
