internal import COneDNN

/// Owner of one `dnnl_memory_t`: a descriptor over bytes that somebody else owns.
@safe
final class OneDNNMemory {
  let raw: dnnl_memory_t
  /// Bytes that the descriptor spans.
  let byteCount: Int

  /// `data` may be nil and be given later by `point(at:)`. C function: `dnnl_memory_create`.
  init(
    _ descriptor: UnsafePointer<dnnl_memory_desc_t>, at data: UnsafeMutableRawPointer?, context: OneDNNContext
  ) throws {
    var memory: dnnl_memory_t?
    let handle = unsafe data ?? COneDNN_memory_none()
    try check(
      unsafe dnnl_memory_create(&memory, descriptor, context.engine, handle), "dnnl_memory_create", "a tensor")
    unsafe raw = memory!
    byteCount = unsafe Int(dnnl_memory_desc_get_size(descriptor))
  }

  deinit { unsafe dnnl_memory_destroy(raw) }

  /// C function: `dnnl_memory_set_data_handle`.
  func point(at data: UnsafeMutableRawPointer) throws {
    try check(unsafe dnnl_memory_set_data_handle(raw, data), "dnnl_memory_set_data_handle", "a tensor")
  }
}

/// A descriptor in a given order: `dnnl_memory_desc_init_by_tag`.
func memoryDescriptor(
  _ dimensions: [Int], _ type: dnnl_data_type_t, _ order: dnnl_format_tag_t
) throws -> dnnl_memory_desc_t {
  var descriptor = dnnl_memory_desc_t()
  var sizes = [dnnl_dim_t](repeating: 0, count: Int(DNNL_MAX_NDIMS))
  for (i, size) in dimensions.enumerated() { sizes[i] = dnnl_dim_t(size) }
  try check(
    unsafe dnnl_memory_desc_init_by_tag(&descriptor, Int32(dimensions.count), sizes, type, order),
    "dnnl_memory_desc_init_by_tag", "\(dimensions)")
  return descriptor
}

/// A descriptor with the given distances of neighbours, in elements: `dnnl_memory_desc_init_by_strides`.
func memoryDescriptor(
  _ dimensions: [Int], _ type: dnnl_data_type_t, strides: [Int]
) throws -> dnnl_memory_desc_t {
  precondition(strides.count == dimensions.count, "\(strides.count) strides of \(dimensions.count) dimensions")
  var descriptor = dnnl_memory_desc_t()
  var (sizes, steps) = (
    [dnnl_dim_t](repeating: 0, count: Int(DNNL_MAX_NDIMS)), [dnnl_dim_t](repeating: 0, count: Int(DNNL_MAX_NDIMS))
  )
  for i in dimensions.indices { (sizes[i], steps[i]) = (dnnl_dim_t(dimensions[i]), dnnl_dim_t(strides[i])) }
  try check(
    unsafe dnnl_memory_desc_init_by_strides(&descriptor, Int32(dimensions.count), sizes, type, steps),
    "dnnl_memory_desc_init_by_strides", "\(dimensions)")
  return descriptor
}

extension Precision {
  /// Element type of an activation.
  var oneDNNType: dnnl_data_type_t { self == .bf16 ? dnnl_bf16 : dnnl_f32 }
}
