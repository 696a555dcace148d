import CZlib
import Glibc

/// A gzip or plain file read as its uncompressed content: zlib's gzopen, gzread and gzclose.
/// Owns the handle and closes it in `deinit`.
@safe final class GzipFile {
  let path: String
  private let handle: gzFile

  /// Opens `path`. Throws `missingFile` with `advice`, or `unreadable`.
  init(path: String, advice: String = "check the name") throws(DatasetError) {
    try FileSystem.checkIsFile(path, advice: advice)
    guard let handle = unsafe gzopen(path, "rb") else {
      throw .unreadable(path: path, reason: FileSystem.text(of: errno))
    }
    self.path = path
    unsafe self.handle = handle
    unsafe gzbuffer(handle, 1 << 17)
  }

  deinit { unsafe gzclose(handle) }

  /// Fills `bytes` from the front as far as the content goes; returns the number of bytes, smaller than
  /// `bytes.count` only where the content ends. Throws `truncatedGzip`, `damagedGzip` or `unreadable`.
  func read(into bytes: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
    precondition(bytes.count <= Int32.max, "gzread takes \(Int32.max) bytes at most, not \(bytes.count)")
    let count = unsafe gzread(handle, bytes.baseAddress, UInt32(bytes.count))
    let systemCode = errno
    try check(count, requested: bytes.count, systemCode: systemCode)
    return Int(count)
  }

  /// The one place where gzread's answer is judged. A stream that ends early reads like a whole one (a short
  /// count); only gzerror tells the two apart.
  private func check(_ count: Int32, requested: Int, systemCode: Int32) throws(DatasetError) {
    guard count < requested else { return }
    var code: Int32 = Z_OK
    let text = unsafe gzerror(handle, &code).map { unsafe String(cString: $0) } ?? ""
    switch code {
    case Z_OK, Z_STREAM_END:
      guard count >= 0 else { throw .damagedGzip(path: path, reason: "gzread failed") }
    case Z_BUF_ERROR: throw .truncatedGzip(path: path)
    case Z_ERRNO: throw .unreadable(path: path, reason: FileSystem.text(of: systemCode))
    case Z_MEM_ERROR: throw .library(function: "gzread", reason: "out of memory")
    default:
      // zlib puts the path, which our message already has, before its text.
      let reason = text.hasPrefix(path + ": ") ? String(text.dropFirst(path.count + 2)) : text
      throw .damagedGzip(path: path, reason: reason)
    }
  }
}
