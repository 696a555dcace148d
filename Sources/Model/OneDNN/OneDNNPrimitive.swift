internal import COneDNN
internal import Synchronization

/// Owner of a primitive descriptor: what oneDNN chose for an operation.
@safe
final class OneDNNPrimitiveDescriptor {
  let raw: dnnl_primitive_desc_t
  let subject: String

  /// oneDNN before 3.1 keeps the element type's granule of input channels (1 for f32, 2 for bf16) in a static variable while
  /// it plans a convolution (`brg_blocking_t::last_ic_block_size`): two threads that plan in both precisions at the same
  /// time get a plan that computes nonsense, and the cache hands it to everybody after them.
  private static let planning = Mutex(())

  /// Plans the operation that `operation` describes. The scratchpad is given by the caller at execution.
  ///
  /// A choice whose name begins with "ref" is refused: oneDNN's reference loops are thousands of times slower, and a
  /// run that takes a year is worse than one that says why it will not start.
  init(
    _ operation: UnsafeRawPointer, forwardHint: OneDNNPrimitiveDescriptor? = nil, subject: String,
    context: OneDNNContext
  ) throws {
    var attributes: dnnl_primitive_attr_t?
    try check(unsafe dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create", subject)
    defer { unsafe dnnl_primitive_attr_destroy(attributes) }
    try check(
      unsafe dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
      "dnnl_primitive_attr_set_scratchpad_mode", subject)
    var descriptor: dnnl_primitive_desc_t?
    let status = Self.planning.withLock { _ in
      unsafe dnnl_primitive_desc_create(&descriptor, operation, attributes, context.engine, forwardHint?.raw)
    }
    guard status != dnnl_unimplemented else {
      throw OneDNNError(
        status: status.rawValue, function: "dnnl_primitive_desc_create",
        text: "this processor has no implementation of it; use --precision f32", subject: subject)
    }
    try check(status, "dnnl_primitive_desc_create", subject)
    unsafe raw = descriptor!
    self.subject = subject
    let name = implementationName
    guard !name.hasPrefix("ref") else {
      throw OneDNNError(
        status: 0, function: "dnnl_primitive_desc_create",
        text: "only the slow reference implementation (\(name)) exists for this shape and layout;"
          + " use another number of base channels, or --precision f32",
        subject: subject)
    }
  }

  /// A reorder from one layout to another. C function: `dnnl_reorder_primitive_desc_create`.
  init(
    reorderFrom src: UnsafePointer<dnnl_memory_desc_t>, to dst: UnsafePointer<dnnl_memory_desc_t>, subject: String,
    context: OneDNNContext
  ) throws {
    var descriptor: dnnl_primitive_desc_t?
    try check(
      unsafe dnnl_reorder_primitive_desc_create(&descriptor, src, context.engine, dst, context.engine, nil),
      "dnnl_reorder_primitive_desc_create", subject)
    unsafe raw = descriptor!
    self.subject = subject
  }

  deinit { unsafe dnnl_primitive_desc_destroy(raw) }

  /// oneDNN's name of the chosen implementation, "brgconv:avx512_core_bf16".
  var implementationName: String {
    var name: UnsafePointer<CChar>?
    let status = unsafe dnnl_primitive_desc_query(raw, dnnl_query_impl_info_str, 0, &name)
    guard status == dnnl_success, let name = unsafe name else { return "unknown" }
    return unsafe String(cString: name)
  }

  /// The layout oneDNN chose for one of the operation's tensors; lives as long as this object.
  func layout(_ query: dnnl_query_t) -> UnsafePointer<dnnl_memory_desc_t> {
    unsafe dnnl_primitive_desc_query_md(raw, query, 0)!
  }
}

/// Owner of a primitive with its arguments bound: planned once, run many times, nothing allocated by us when it runs.
@safe
final class OneDNNPrimitive {
  private let raw: dnnl_primitive_t
  private let context: OneDNNContext
  private let subject: String
  private let memories: [OneDNNMemory]
  private let arguments: [dnnl_exec_arg_t]

  /// C function: `dnnl_primitive_create`.
  init(
    _ descriptor: OneDNNPrimitiveDescriptor, arguments: [(index: Int32, memory: OneDNNMemory)],
    needsScratchpad: Bool = true, context: OneDNNContext
  ) throws {
    var primitive: dnnl_primitive_t?
    try check(unsafe dnnl_primitive_create(&primitive, descriptor.raw), "dnnl_primitive_create", descriptor.subject)
    unsafe raw = primitive!
    var bound = arguments
    if needsScratchpad {
      let scratchpad = try unsafe OneDNNMemory(
        descriptor.layout(dnnl_query_scratchpad_md), at: nil, context: context)
      context.register(scratchpad: scratchpad)
      bound.append((DNNL_ARG_SCRATCHPAD, scratchpad))
    }
    memories = bound.map(\.memory)
    unsafe self.arguments = bound.map { unsafe dnnl_exec_arg_t(arg: $0.index, memory: $0.memory.raw) }
    self.context = context
    subject = descriptor.subject
  }

  /// Copies `src` to `dst`, in another order or type. C function: `dnnl_reorder_primitive_desc_create`.
  convenience init(
    reorder src: OneDNNMemory, _ srcLayout: UnsafePointer<dnnl_memory_desc_t>, to dst: OneDNNMemory,
    _ dstLayout: UnsafePointer<dnnl_memory_desc_t>, subject: String, context: OneDNNContext
  ) throws {
    let descriptor = try unsafe OneDNNPrimitiveDescriptor(
      reorderFrom: srcLayout, to: dstLayout, subject: subject, context: context)
    try self.init(
      descriptor, arguments: [(DNNL_ARG_FROM, src), (DNNL_ARG_TO, dst)], needsScratchpad: false, context: context)
  }

  deinit { unsafe dnnl_primitive_destroy(raw) }

  /// Runs to the end. C functions: `dnnl_primitive_execute`, `dnnl_stream_wait`.
  func run() throws {
    try check(
      unsafe dnnl_primitive_execute(raw, context.stream, Int32(arguments.count), arguments), "dnnl_primitive_execute",
      subject)
    try check(unsafe dnnl_stream_wait(context.stream), "dnnl_stream_wait", subject)
  }
}
