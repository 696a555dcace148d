internal import COneDNN

/// The faster precision of this processor: bf16 where oneDNN multiplies in it (AVX-512 BF16 or AMX), else f32.
///
/// C function: `dnnl_get_effective_cpu_isa`, so `DNNL_MAX_CPU_ISA` is honoured.
package func fastestPrecision() -> Precision {
  let needed = dnnl_cpu_isa_avx512_core_bf16.rawValue
  return dnnl_get_effective_cpu_isa().rawValue & needed == needed ? .bf16 : .f32
}
