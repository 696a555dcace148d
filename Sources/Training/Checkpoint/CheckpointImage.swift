import Glibc
import Model

/// A checkpoint as it will stand in a file: the header, and the buffers that follow it as they lie in memory.
///
/// The data is not copied: the buffers must not change before the image is written.
struct CheckpointImage {
  /// The header's length and the header, sealed.
  let header: [UInt8]
  /// What follows: the first elements of each buffer.
  private let parts: [(buffer: AlignedBuffer<Float>, count: Int)]

  /// Hashes every tensor and makes the header.
  init(_ description: Checkpoint.Description, layout: ParameterLayout, _ buffers: RunBuffers) {
    var tensors: [(name: String, dtype: String, shape: [Int], byteCount: Int)] = []
    var digests: [String: String] = [:]
    func add(_ name: String, _ shape: [Int], _ buffer: AlignedBuffer<Float>, _ range: Range<Int>) {
      tensors.append((name, "F32", shape, range.count * MemoryLayout<Float>.size))
      digests[name] = withExtendedLifetime(buffer) {
        unsafe Seal.digest(of: UnsafeRawBufferPointer(buffer.elements(range)))
      }
    }
    func addWeights(_ prefix: String, _ buffer: AlignedBuffer<Float>) {
      for tensor in layout.tensors { add(prefix + tensor.name, tensor.shape, buffer, tensor.range) }
    }
    addWeights(Checkpoint.currentPrefix, buffers.current)
    if let best = buffers.best { addWeights(Checkpoint.bestPrefix, best) }
    if let averages = buffers.averages { addWeights(Checkpoint.averagePrefix, averages) }
    let trained = 0..<layout.trainedCount
    add(Checkpoint.firstMoments, [trained.count], buffers.firstMoments, trained)
    add(Checkpoint.secondMoments, [trained.count], buffers.secondMoments, trained)

    var metadata = SafeTensorsFile.metadata(of: layout.configuration)
    metadata["format"] = Checkpoint.format
    metadata["version"] = Checkpoint.version
    metadata["configuration"] = JSONText.encode(description.configuration)
    metadata["state"] = JSONText.encode(description.state)
    metadata["plan"] = JSONText.encode(description.plan)
    metadata["data"] = description.dataName
    metadata["data_fingerprint"] = description.dataFingerprint
    metadata[Seal.tensorsKey] = JSONText.encode(digests)
    metadata[Seal.key] = Seal.placeholder
    var header = SafeTensorsFile.header(of: tensors, metadata: metadata)
    Seal.close(&header)
    self.header = header
    // The layout's tensors lie one behind the other, so a whole buffer is their data in the order of the header.
    parts =
      [buffers.current, buffers.best, buffers.averages].compactMap { $0.map { ($0, layout.count) } }
      + [(buffers.firstMoments, trained.count), (buffers.secondMoments, trained.count)]
  }

  /// Writes the file's bytes to `descriptor`; 0, or the errno that stopped it. `progressed` is called whenever a piece is on the disk.
  func write(to descriptor: Int32, progressed: () -> Void = {}) -> Int32 {
    var code = FileSystem.writeAll(header, to: descriptor)
    let piece = FileSystem.pieceByteCount / MemoryLayout<Float>.stride
    for part in parts {
      for first in stride(from: 0, to: part.count, by: piece) where code == 0 {
        let range = first..<min(first + piece, part.count)
        code = withExtendedLifetime(part.buffer) {
          unsafe FileSystem.writeAll(UnsafeRawBufferPointer(part.buffer.elements(range)), to: descriptor)
        }
        // Else all of it would wait for the fsync at the end, in which nobody sees a slow disk work.
        if code == 0 && fdatasync(descriptor) != 0 && errno != EINVAL { code = errno }
        progressed()
      }
    }
    return code
  }

  /// The file's bytes.
  var bytes: [UInt8] {
    parts.reduce(into: header) { bytes, part in
      withExtendedLifetime(part.buffer) {
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(part.buffer.elements(0..<part.count)))
      }
    }
  }
}
