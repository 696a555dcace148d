#include "Loops.h"

static const kernels_loops *loops_in_use;

kernels_isa kernels_detected_isa(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vl")
             ? kernels_avx512
             : kernels_baseline;
}

int kernels_use_isa(kernels_isa isa) {
  if (isa == kernels_avx512 && kernels_detected_isa() != kernels_avx512) return -1;
  loops_in_use = isa == kernels_avx512 ? &loops_avx512 : &loops_baseline;
  return 0;
}

const kernels_loops *current_loops(void) {
  if (!loops_in_use) kernels_use_isa(kernels_detected_isa());
  return loops_in_use;
}

kernels_isa kernels_current_isa(void) { return current_loops() == &loops_avx512 ? kernels_avx512 : kernels_baseline; }
