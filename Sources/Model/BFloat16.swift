internal import Kernels

/// dst = src rounded to bf16, to nearest even; NaN stays NaN. The same count. Local.
package func roundToBFloat16(
  _ src: UnsafeMutableBufferPointer<Float>, into dst: UnsafeMutableBufferPointer<UInt16>
) {
  precondition(src.count == dst.count, "\(src.count) floats into \(dst.count) bf16")
  unsafe copy(src.baseAddress, kernels_f32, dst.baseAddress, kernels_bf16, count: src.count)
}

/// dst = src, exactly. The same count. Local.
package func widenBFloat16(
  _ src: UnsafeMutableBufferPointer<UInt16>, into dst: UnsafeMutableBufferPointer<Float>
) {
  precondition(src.count == dst.count, "\(src.count) bf16 into \(dst.count) floats")
  unsafe copy(src.baseAddress, kernels_bf16, dst.baseAddress, kernels_f32, count: src.count)
}

/// One flat run of elements, cut into rows so that every thread of the team gets some.
private func copy(
  _ src: UnsafeMutableRawPointer?, _ srcType: kernels_type, _ dst: UnsafeMutableRawPointer?, _ dstType: kernels_type,
  count: Int
) {
  func view(_ data: UnsafeMutableRawPointer?, _ type: kernels_type, from first: Int, rows: Int, columns: Int)
    -> kernels_view
  {
    let bytes = type == kernels_bf16 ? 2 : 4
    return unsafe kernels_view(
      data: data.map { unsafe $0 + first * bytes }, type: type, outer: 1, rows: Int64(rows), columns: 1,
      channels: Int64(columns), channel_blocks: 1, outer_stride: Int64(rows * columns), row_stride: Int64(columns),
      column_stride: Int64(columns))
  }
  let width = 64
  let whole = count / width * width
  for (first, rows, columns) in [(0, whole / width, width), (whole, 1, count - whole)]
  where rows > 0 && columns > 0 {
    var (from, to) = unsafe (
      view(src, srcType, from: first, rows: rows, columns: columns),
      view(dst, dstType, from: first, rows: rows, columns: columns)
    )
    unsafe kernels_copy(&from, &to)
  }
}
