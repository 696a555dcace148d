import Kernels

@testable import Model

/// |a - b| / |b| in the 2-norm; infinite when lengths differ or `a` holds a value that is not finite.
func relativeError(_ a: [Float], _ b: [Double]) -> Double {
  guard a.count == b.count, a.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return .infinity }
  var (difference, norm) = (0.0, 0.0)
  for (x, y) in zip(a, b) {
    difference += (Double(x) - y) * (Double(x) - y)
    norm += y * y
  }
  return norm == 0 ? (difference == 0 ? 0 : .infinity) : (difference / norm).squareRoot()
}

extension Precision {
  /// What this machine's oneDNN runs fast: bf16 needs AVX-512.
  static var supported: [Precision] { kernels_detected_isa() == kernels_avx512 ? [.f32, .bf16] : [.f32] }

  /// `value` as it stands in an activation.
  func rounded(_ value: Float) -> Float {
    guard self == .bf16 else { return value }
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & 0xFFFF_0000)
  }
}

extension Activation {
  /// Stores `values` [batch, size, size, channels].
  func fill(_ values: [Float]) {
    precondition(values.count == batch * size * size * channels)
    for (i, value) in values.enumerated() {
      if precision == .f32 {
        unsafe base.assumingMemoryBound(to: Float.self)[i] = value
      } else {
        unsafe base.assumingMemoryBound(to: UInt16.self)[i] = UInt16(precision.rounded(value).bitPattern >> 16)
      }
    }
  }

  /// All elements, widened.
  var floats: [Float] {
    (0..<batch * size * size * channels).map { i in
      precision == .f32
        ? unsafe base.assumingMemoryBound(to: Float.self)[i]
        : unsafe Float(bitPattern: UInt32(base.assumingMemoryBound(to: UInt16.self)[i]) << 16)
    }
  }
}
