internal import COneDNN
internal import Kernels

/// Levels of x86-64 instructions, each with all before it.
package enum InstructionSet: String, Sendable, CaseIterable {
  case sse41, avx2, avx512
  case avx512BF16 = "avx512_bf16"
  case amx

  /// The environment variable that caps what a process uses, for tests and for jobs on unequal machines.
  package static let variable = "UNMIX_INSTRUCTION_SET"

  private var oneDNN: dnnl_cpu_isa_t {
    switch self {
    case .sse41: dnnl_cpu_isa_sse41
    case .avx2: dnnl_cpu_isa_avx2
    case .avx512: dnnl_cpu_isa_avx512_core
    case .avx512BF16: dnnl_cpu_isa_avx512_core_bf16
    case .amx: dnnl_cpu_isa_avx512_core_amx
    }
  }

  /// The highest level that oneDNN uses in this process, which decides how its sums round (dnnl_get_effective_cpu_isa). The
  /// first question fixes it.
  package static var inUse: InstructionSet {
    // Each value has the bits of all that it includes.
    let effective = dnnl_get_effective_cpu_isa().rawValue
    return allCases.last { effective & $0.oneDNN.rawValue == $0.oneDNN.rawValue } ?? .sse41
  }

  /// Uses nothing above `self` in this process, in oneDNN (dnnl_set_max_cpu_isa) and in our kernels. A level that the
  /// processor lacks changes nothing. To be called before anything else of this module; throws where it comes too late.
  package func cap() throws {
    try check(dnnl_set_max_cpu_isa(oneDNN), "dnnl_set_max_cpu_isa", "\(Self.variable)=\(rawValue)")
    let kernels =
      switch self {
      case .sse41: kernels_baseline
      case .avx2: kernels_avx2
      case .avx512, .avx512BF16, .amx: kernels_avx512
      }
    if kernels.rawValue < kernels_detected_isa().rawValue {
      let status = kernels_use_isa(kernels)
      precondition(status == 0, "the processor has \(kernels) and more, and kernels_use_isa said \(status)")
    }
  }
}
