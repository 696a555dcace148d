internal import Kernels

/// Sum of the squares of `values`, in f64; NaN where one of them is. Uses this rank's threads, whose number does not change the
/// bits.
package func sumOfSquares(_ values: UnsafeMutableBufferPointer<Float>) -> Double {
  guard let base = values.baseAddress else { return 0 }
  return unsafe kernels_sum_of_squares(base, Int64(values.count))
}
