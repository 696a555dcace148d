import Foundation
import Glibc

/// The terminal behind a rank's standard error, which is a pipe to the mpirun that started it.
///
/// mpirun passes on what it reads there, byte for byte, so a rank on its host may show a live block there. Only where mpirun itself
/// says to whom its standard error goes: with a file there, or with lines that it marks, it is no terminal.
enum LauncherTerminal {
  private static let launchers = ["mpirun", "mpiexec", "orterun", "prterun"]
  /// Options of mpirun that change what it passes on.
  private static let markers = [
    "-tag-output", "-timestamp-output", "-output-filename", "-xml", "-output", "-merge-stderr",
  ]

  /// The terminal's name; nil where there is none.
  static let path: String? = {
    let parent = "/proc/\(getppid())"
    guard let name = text(of: "\(parent)/comm")?.first, launchers.contains(name),
      let words = text(of: "\(parent)/cmdline")
    else { return nil }
    // What follows the program's name is the program's own.
    let own = FileSystem.split(CommandLine.arguments[0]).name
    let options = words.prefix { FileSystem.split($0).name != own }
    if options.contains(where: { word in markers.contains { word.hasSuffix($0) } }) { return nil }
    var buffer = [CChar](repeating: 0, count: 256)
    let count = unsafe readlink("\(parent)/fd/2", &buffer, buffer.count - 1)
    guard count > 0 else { return nil }
    let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.hasPrefix("/dev/pts/") || path.hasPrefix("/dev/tty") ? path : nil
  }()

  /// The lines or zero-ended words of a file of the system's.
  private static func text(of path: String) -> [String]? {
    FileManager.default.contents(atPath: path).map { bytes in
      bytes.split { $0 == 0 || $0 == 10 }.map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
