internal import COneDNN
internal import Kernels

/// Owner of the CPU engine, its stream, and the scratchpad that all primitives of one network share.
///
/// Primitives run one after the other on one thread, so one scratchpad of the largest size serves them all.
@safe
final class OneDNNContext {
  let engine: dnnl_engine_t
  let stream: dnnl_stream_t
  private var scratchpads: [OneDNNMemory] = []
  private var scratchpadByteCount = 0
  private var scratchpad: AlignedBuffer<UInt8>?

  /// C functions: `dnnl_engine_create`, `dnnl_stream_create`.
  init() throws {
    var engine: dnnl_engine_t?
    try check(unsafe dnnl_engine_create(&engine, dnnl_cpu, 0), "dnnl_engine_create", "the CPU")
    unsafe self.engine = engine!
    var stream: dnnl_stream_t?
    try check(
      unsafe dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue), "dnnl_stream_create", "the CPU")
    unsafe self.stream = stream!
  }

  deinit {
    // Destroying cannot fail in a way that anybody could act on.
    unsafe dnnl_stream_destroy(stream)
    unsafe dnnl_engine_destroy(engine)
  }

  /// Notes a primitive's scratchpad; its memory points nowhere until `allocateScratchpad()`.
  func register(scratchpad memory: OneDNNMemory) {
    scratchpads.append(memory)
    scratchpadByteCount = max(scratchpadByteCount, memory.byteCount)
  }

  /// Makes the shared scratchpad once all primitives are planned.
  func allocateScratchpad() throws {
    let buffer = AlignedBuffer<UInt8>(repeating: 0, count: scratchpadByteCount)
    for memory in scratchpads { try unsafe memory.point(at: UnsafeMutableRawPointer(buffer.base)) }
    scratchpad = buffer
  }

  /// The version of the oneDNN library in use, "2.6.3".
  static var libraryVersion: String {
    let version = unsafe dnnl_version()!.pointee
    return unsafe "\(version.major).\(version.minor).\(version.patch)"
  }
}

/// The version of the oneDNN library in use, "2.6.3".
package func oneDNNVersion() -> String { OneDNNContext.libraryVersion }

/// The version of the oneDNN headers that the program is compiled with.
package func oneDNNHeaderVersion() -> String { "\(DNNL_VERSION_MAJOR).\(DNNL_VERSION_MINOR).\(DNNL_VERSION_PATCH)" }

/// Sets the threads that the kernels use in this process, and oneDNN on the calling thread: one team, libgomp's.
package func useThreads(_ count: Int) {
  precondition(count > 0, "\(count) threads")
  kernels_set_threads(Int32(count))
}
