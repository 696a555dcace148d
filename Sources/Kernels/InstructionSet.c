#include <stdatomic.h>

#include "Kernels.h"

// -1 until the first question: then the best set of this processor.
static _Atomic int current = -1;
// The calling thread's own, where it is not -1.
static _Thread_local int here = -1;

kernels_isa kernels_detected_isa(void) {
  const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return kernels_baseline;
  return avx512 ? kernels_avx512 : kernels_avx2;
}

kernels_isa kernels_current_isa(void) {
  if (here >= 0) return (kernels_isa)here;
  int isa = atomic_load_explicit(&current, memory_order_relaxed);
  if (isa < 0) {
    isa = (int)kernels_detected_isa();
    atomic_store_explicit(&current, isa, memory_order_relaxed);
  }
  return (kernels_isa)isa;
}

int kernels_use_isa(kernels_isa isa) {
  if (isa > kernels_detected_isa()) return -1;
  atomic_store_explicit(&current, (int)isa, memory_order_relaxed);
  return 0;
}

int kernels_use_isa_here(kernels_isa isa) {
  if (isa > kernels_detected_isa()) return -1;
  here = (int)isa;
  return 0;
}
