import Glibc

/// Lines of a run to standard error and to the run folder's log.txt.
///
/// On a terminal the progress is a block of lines at the bottom, rewritten in place; elsewhere it comes as a plain line at most
/// every half minute, so that a batch job's output stays readable.
package final class ConsoleReporter: RunReporter {
  /// Seconds between progress lines where there is no terminal.
  static let plainInterval = 30.0

  private let descriptor: Int32
  private let style: ProgressStyle
  private var log: AppendedFile?
  private var lastPlain = Stopwatch.now
  private var block = LiveBlock()
  /// What the block shows; nil where there is none.
  private var shown: RunProgress?

  /// A reporter on `descriptor`, standard error unless said otherwise, in the `style` that it asks for.
  package init(descriptor: Int32 = STDERR_FILENO, style: ProgressStyle? = nil) {
    self.descriptor = descriptor
    self.style = style ?? .of(descriptor: descriptor)
  }

  package func attach(runFolder: String) throws { log = try AppendedFile("\(runFolder)/log.txt") }

  package func line(_ text: String) {
    put(block.clear() + text + "\n")
    do {
      try log?.append("\(LocalTime.now.text(between: " ")) \(text)")
    } catch {
      // A full disk must not end a run for the sake of its log; a checkpoint that cannot be written will.
      log = nil
      put("\(error); the log ends here\n")
    }
    if let shown { draw(shown) }
  }

  package func progress(_ progress: RunProgress) {
    if style.isLive {
      shown = progress
      draw(progress)
    } else if Stopwatch.now - lastPlain >= Self.plainInterval {
      lastPlain = Stopwatch.now
      line(progress.line)
    }
  }

  /// The run is over: the block goes, and what comes after it starts where it stood.
  package func finish() {
    shown = nil
    put(block.clear())
  }

  deinit { finish() }

  private func draw(_ progress: RunProgress) {
    put(block.draw(progress.block(width: TerminalSize.columns(of: descriptor), style: style)))
  }

  private func put(_ text: String) {
    // Whoever closed standard error does not want to read.
    if !text.isEmpty { _ = FileSystem.writeAll(Array(text.utf8), to: descriptor) }
  }
}
