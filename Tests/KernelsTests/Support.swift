import Kernels
import TestSupport
import Testing

/// Every test of the kernels: one after the other, since the threads are the process's. The instruction set is not: other tests of the
/// process run beside these.
@Suite(.serialized) struct KernelsTests {}

/// Unit roundoff of f32, bf16 and f64: half the distance between 1 and the next number.
let roundoff32 = 0x1p-24

/// What two f64 sums of `terms` terms may differ by, `sizes` being the sums of the terms' magnitudes.
func f64SumTolerance(_ sizes: [Double], terms: Int) -> [Double] {
  sizes.map { 2 * Double(terms + 2) * 0x1p-53 * $0 }
}
let roundoff16 = 0x1p-8
let roundoff64 = 0x1p-53

/// The same numbers in every run.
struct Numbers {
  private var generator: SplitMix

  init(seed: UInt64) { generator = SplitMix(state: seed) }

  mutating func next() -> UInt64 { generator.next() }

  /// In [-1, 1), a multiple of 2^-23.
  mutating func uniform() -> Float { Float(Int32(truncatingIfNeeded: next() >> 40) - (1 << 23)) * 0x1p-23 }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in uniform() } }

  mutating func doubles(_ count: Int) -> [Double] { (0..<count).map { _ in Double(uniform()) } }
}

func float(bf16 pattern: UInt16) -> Float { Float(bitPattern: UInt32(pattern) << 16) }

/// Rounds to the nearer neighbour by its distance, ties to the even one; unlike the kernel's integer arithmetic.
func bf16(_ value: Float) -> UInt16 {
  let below = UInt16(value.bitPattern >> 16)
  if value.isNaN { return below | 0x40 }
  if value.isInfinite || float(bf16: below) == value { return below }
  // Beyond the largest finite number the next one up would be 2^128.
  let above = below + 1
  let next = float(bf16: above).isInfinite ? (value < 0 ? -0x1p128 : 0x1p128) : Double(float(bf16: above))
  let toBelow = abs(Double(value) - Double(float(bf16: below))), toAbove = abs(next - Double(value))
  return toBelow < toAbove || (toBelow == toAbove && below % 2 == 0) ? below : above
}

/// Half an ulp, relative, that storing as `type` costs.
func storageRoundoff(_ type: kernels_type) -> Double { type == kernels_bf16 ? roundoff16 : 0 }

/// Runs `body` at every instruction set of this processor with 1, 2 and 3 threads, and expects the same bits of all.
func inEveryConfiguration(_ body: () -> [Double], sourceLocation: SourceLocation = #_sourceLocation) -> [Double] {
  var first: [Double]?
  for isa in [kernels_baseline, kernels_avx2, kernels_avx512] where isa.rawValue <= kernels_detected_isa().rawValue {
    #expect(kernels_use_isa_here(isa) == 0)
    for threads in 1...3 {
      kernels_set_threads(Int32(threads))
      let result = body()
      guard let expected = first else {
        first = result
        continue
      }
      let differing = zip(result, expected).filter { !($0.isNaN && $1.isNaN) && $0.bitPattern != $1.bitPattern }.count
      #expect(
        result.count == expected.count && differing == 0,
        "instruction set \(isa.rawValue), \(threads) threads: \(differing) numbers differ",
        sourceLocation: sourceLocation)
    }
  }
  kernels_set_threads(1)
  #expect(kernels_use_isa_here(kernels_detected_isa()) == 0)
  return first ?? []
}

/// Expects |actual - expected| <= tolerance, element by element; wrong lengths and non-finite numbers fail first.
func expectClose(
  _ actual: [Double], _ expected: [Double], tolerance: [Double], _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count, tolerance.count == expected.count else {
    Issue.record("\(what): \(actual.count) numbers, expected \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  for index in actual.indices {
    let (a, e, t) = (actual[index], expected[index], tolerance[index])
    guard a.isFinite, e.isFinite, t.isFinite, abs(a - e) <= t else {
      Issue.record("\(what): [\(index)] is \(a), expected \(e) within \(t)", sourceLocation: sourceLocation)
      return
    }
  }
}

/// Expects the same numbers, bit for bit.
func expectEqual(
  _ actual: [Double], _ expected: [Double], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record("\(what): \(actual.count) numbers, expected \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  for index in actual.indices where actual[index].bitPattern != expected[index].bitPattern {
    Issue.record(
      "\(what): [\(index)] is \(actual[index]), expected \(expected[index])", sourceLocation: sourceLocation)
    return
  }
}

/// Sums from `kernel`, which gets `sums` full of NaN and scratch of exactly the size that Kernels.h asks for.
func sums(
  _ src: Activation, count: Int, _ kernel: (inout [Double], inout [Double]) -> Void
) -> [Double] {
  var view = unsafe src.view
  let scratchCount = Int(unsafe kernels_sums_scratch_count(&view))
  let guarded = 16
  var scratch = [Double](repeating: -7, count: scratchCount + guarded)
  var sums = [Double](repeating: .nan, count: count)
  kernel(&sums, &scratch)
  #expect(scratch.suffix(guarded).allSatisfy { $0 == -7 }, "wrote beyond the scratch")
  return sums
}
