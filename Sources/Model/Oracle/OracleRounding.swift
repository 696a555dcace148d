/// A model of what a program of less precision does to the numbers of a step.
///
/// Sums of products round to f32 after each addition (the plain loops do that themselves). At f32 everything stored is an
/// f32; at bf16 activations, their gradients and the weights of convolutions are bf16.
/// Values round up or down at random, in proportion to what is cut off. The randomness is a function of the value, so that
/// equal values stay equal: on a black ground a program makes the same error thousands of times.
struct OracleRounding {
  private let precision: Precision
  private var salt: UInt64

  /// The roundings numbered `draw`; other numbers give independent ones.
  init(_ precision: Precision, draw: UInt64) {
    self.precision = precision
    salt = (draw &+ 1) &* 0xD1B5_4A32_D192_ED03
  }

  /// Bits of a significand after the leading one.
  private static let bits: [Precision: UInt64] = [.f32: 23, .bf16: 7]

  /// An activation, a gradient of one, or a convolution's weights, as memory holds it.
  mutating func store(_ values: inout [Double]) { cut(&values, bits: Self.bits[precision]!) }

  /// Anything that is f32 at either precision.
  mutating func storeSingle(_ values: inout [Double]) { cut(&values, bits: Self.bits[.f32]!) }

  private mutating func cut(_ values: inout [Double], bits: UInt64) {
    nextTensor()
    let mask: UInt64 = 1 << (52 - bits) - 1
    for i in values.indices where values[i].isFinite {
      values[i] = Double(bitPattern: (values[i].bitPattern + hash(values[i]) & mask) & ~mask)
    }
  }

  private mutating func nextTensor() { salt = salt &* 0x5851_F42D_4C95_7F2D &+ 0x1405_7B7E_F767_814F }

  /// 64 even bits that depend on `value`, the draw and the number of tensors rounded before (the finaliser of SplitMix64).
  private func hash(_ value: Double) -> UInt64 {
    var z = value.bitPattern ^ salt
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
