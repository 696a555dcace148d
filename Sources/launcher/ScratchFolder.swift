import Foundation
import Glibc
import Training

/// A new folder for temporary files that nobody else can look into.
struct ScratchFolder {
  let path: String

  /// Makes it in TMPDIR (mkdir). Throws ``FileError``.
  init() throws(FileError) {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("unmix-\(UUID().uuidString)").path
    guard unsafe mkdir(path, 0o700) == 0 else { throw FileError(path: path, operation: .create, code: errno) }
  }

  /// Removes it with all that is in it; best effort.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
