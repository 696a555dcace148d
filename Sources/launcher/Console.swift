import Glibc

/// Lines for people and programs: results to standard output, everything else to standard error.
enum Console {
  enum Stream { case standardOutput, standardError }

  /// One line in one write, so that lines of several ranks do not mix.
  static func write(_ text: String, to stream: Stream) {
    var bytes = Array(text.utf8)[...]
    if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
    let descriptor = stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO
    while !bytes.isEmpty {
      let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      // Whoever closed the pipe does not want to read.
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }
}
