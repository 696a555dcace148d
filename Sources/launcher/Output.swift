import Distributed
import Foundation
import Glibc

/// Results to standard output, everything else to standard error.
enum Output {
  /// A line of results.
  static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// A whole file as the result, its last line's end included.
  static func text(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// A line about the work.
  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// One JSON object on one line: sorted keys, numbers that read back as the same bits, `null` where there is none.
  static func json(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    do {
      line(String(decoding: try encoder.encode(value), as: UTF8.self))
    } catch {
      preconditionFailure("\(type(of: value)) has no JSON form: \(error)")
    }
  }

  /// From here on nothing ends when a reader of this process's output goes away: what is written for it is dropped.
  static func outliveReaders() { _ = signal(SIGPIPE, SIG_IGN) }

  /// A result that cannot be written ends the job (exit code 74); a note that cannot is dropped.
  private static func write(_ text: String, to descriptor: Int32) {
    let code = writeAll(Array(text.utf8), to: descriptor)
    // Whoever closed the other end does not want to read.
    guard code != 0, code != EPIPE, descriptor == STDOUT_FILENO else { return }
    note("launcher: standard output: cannot write: \(unsafe String(cString: strerror(code)))")
    Communicator.abort(code: ExitStatus.inputOutput.rawValue)
  }

  /// 0, or the errno that stopped it (write).
  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        // Another program made the terminal or pipe that both write to nonblocking.
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&room, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}

/// `rows` as lines with the first column padded, for people.
func table(_ rows: [(name: String, value: String)]) -> String {
  let width = rows.map(\.name.count).max() ?? 0
  return rows.map { row in
    row.name + String(repeating: " ", count: width - row.name.count + 2) + row.value
  }.joined(separator: "\n")
}
