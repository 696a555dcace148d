import Foundation

/// Whether `path` names a file that can be read.
func isReadable(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
}

/// Creates `folder` with its parents. Throws `CommandError` (input/output).
func makeFolder(_ folder: String) throws {
  do {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  } catch {
    throw CommandError(status: .inputOutput, description: "cannot create the folder \(folder)")
  }
}

/// Writes a whole file, over an old one only once the new one is complete. Throws `CommandError` (input/output).
func writeFile(_ bytes: [UInt8], to path: String) throws {
  do {
    try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
  } catch {
    throw CommandError(status: .inputOutput, description: "cannot write \(path)")
  }
}
