extension ImageSet {
  /// Reads an IDX file of pictures, gzip or plain. Memory grows with what is really read, never with what the
  /// header promises. Throws one `DatasetError` case for each kind of damage.
  package init(contentsOf path: String, name: String) throws(DatasetError) {
    let file = try GzipFile(path: path)
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    let headerCount = try file.read(into: &chunk, upTo: IDXHeader.byteCount)
    let header = try IDXHeader(chunk[..<headerCount], path: path)
    let expected = header.pixelByteCount
    var pixels: [UInt8] = []
    pixels.reserveCapacity(min(expected, 64 << 20))
    while pixels.count < expected {
      let count = try file.read(into: &chunk, upTo: min(chunk.count, expected - pixels.count))
      guard count > 0 else {
        throw .truncated(
          path: path, expectedByteCount: IDXHeader.byteCount + expected,
          foundByteCount: IDXHeader.byteCount + pixels.count)
      }
      pixels.append(contentsOf: chunk[..<count])
    }
    // This read also makes zlib compare the checksum at the end of a gzip stream.
    guard try file.read(into: &chunk, upTo: 1) == 0 else {
      throw .trailingBytes(path: path, expectedByteCount: IDXHeader.byteCount + expected)
    }
    self.init(name: name, count: header.count, rows: header.rows, columns: header.columns, pixels: pixels)
  }
}

extension GzipFile {
  /// Reads up to `limit` bytes into the front of `chunk`; fewer only at the end of the content.
  func read(into chunk: inout [UInt8], upTo limit: Int) throws(DatasetError) -> Int {
    precondition(limit <= chunk.count, "\(limit) bytes do not fit a chunk of \(chunk.count)")
    // A closure that rethrows a typed error is not inferred through withUnsafeMutableBytes: carry it as a result.
    let result: Result<Int, DatasetError> = unsafe chunk.withUnsafeMutableBytes { bytes in
      do throws(DatasetError) {
        return .success(try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<limit])))
      } catch { return .failure(error) }
    }
    return try result.get()
  }
}
