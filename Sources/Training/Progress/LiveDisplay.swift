/// A block of progress on a terminal, for programs that show nothing else there.
package final class LiveDisplay {
  private let descriptor: Int32
  private let style: ProgressStyle
  private var block = LiveBlock()

  package init(descriptor: Int32, style: ProgressStyle) { (self.descriptor, self.style) = (descriptor, style) }

  /// Shows `progress`; nothing for nil.
  package func show(_ progress: RunProgress?) {
    let lines = progress?.block(width: TerminalSize.columns(of: descriptor), style: style) ?? []
    put(lines.isEmpty ? block.clear() : block.draw(lines))
  }

  /// The block goes.
  package func finish() { put(block.clear()) }

  deinit { finish() }

  private func put(_ text: String) {
    // Whoever closed the terminal does not want to read.
    if !text.isEmpty { _ = FileSystem.writeAll(Array(text.utf8), to: descriptor) }
  }
}
