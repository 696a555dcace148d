internal import COneDNN

/// `dst = scale a b + part dst`, dense f32 matrices, rows one after the other: `a` is [rows, inner], `b` [inner, columns], or
/// [columns, inner] where it is transposed, `dst` [rows, columns] and neither of the others.
///
/// The order of additions depends on the instruction set and the number of threads. Throws ``OneDNNError``. C function: `dnnl_sgemm`.
func multiply(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, transposed: Bool = false, into dst: UnsafeMutablePointer<Float>,
  rows: Int, inner: Int, columns: Int, scale: Float = 1, part: Float = 0
) throws {
  let letter = { (isTransposed: Bool) in CChar(bitPattern: UInt8(ascii: isTransposed ? "T" : "N")) }
  let status = unsafe dnnl_sgemm(
    letter(false), letter(transposed), dnnl_dim_t(rows), dnnl_dim_t(columns), dnnl_dim_t(inner), scale, a,
    dnnl_dim_t(inner), b, dnnl_dim_t(transposed ? inner : columns), part, dst, dnnl_dim_t(columns))
  try check(status, "dnnl_sgemm", "a product of \(rows)x\(inner) and \(inner)x\(columns)")
}
