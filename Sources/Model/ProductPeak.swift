internal import Kernels

/// The most products a second that this process's threads can do: the widest product instruction of the set in use, from registers,
/// nothing else.
///
/// What a step reaches of it is its fraction of the peak. A shared machine's peak moves with its neighbours and its clock, so
/// it is worth only what is measured between the steps it is compared with.
package struct ProductPeak: Sendable, Equatable {
  /// Name of the instruction.
  package let instruction: String
  private let precision: Precision
  private let threads: Int

  /// Nil where no loop is known of the ``InstructionSet`` in use: below AVX2, and in bf16 without its products or with AMX;
  /// and for more threads than the loop takes.
  package init?(_ precision: Precision, threads: Int) {
    precondition(threads > 0, "\(threads) threads")
    switch (precision, InstructionSet.inUse) {
    case (.f32, .avx2), (.f32, .avx512), (.f32, .avx512BF16), (.f32, .amx), (.bf16, .avx512BF16): break
    default: return nil
    }
    guard threads <= kernels_peak_maximum_threads, let name = unsafe kernels_peak_instruction(precision.kernelType)
    else { return nil }
    unsafe instruction = String(cString: name)
    (self.precision, self.threads) = (precision, threads)
  }

  /// Runs for some ten milliseconds; the floating point operations done. Local.
  package func run() -> Int { Int(kernels_peak_loop(precision.kernelType, 500, Int64(threads))) }
}
