internal import COneDNN

extension Precision {
  /// The faster precision of this machine: bf16 where oneDNN multiplies it in hardware (AVX-512 BF16 or AMX), else f32.
  ///
  /// oneDNN's own answer (dnnl_get_effective_cpu_isa), so that a lowered DNNL_MAX_CPU_ISA counts too. Local.
  package static var detected: Precision {
    // Each instruction set's value has the bits of all that it includes.
    let bf16 = dnnl_cpu_isa_avx512_core_bf16.rawValue
    return dnnl_get_effective_cpu_isa().rawValue & bf16 == bf16 ? .bf16 : .f32
  }
}
