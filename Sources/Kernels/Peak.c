// The most a processor can do: its widest product instruction, from registers, nothing else.
#include <immintrin.h>

#include "Kernels.h"
#include "LoopHints.h"
#include "Team.h"

/// Sums that do not wait for one another: more than latency times throughput of any product instruction.
#define INDEPENDENT_SUMS 20
/// Rounds of all sums between two looks at the counter.
#define ROUNDS 1000

typedef struct {
  /// `seed` and the result keep the loop from being removed.
  void (*run)(int64_t repetitions, float seed, float *result);
  int64_t repetitions;
  float *results;
} peak_work;

__attribute__((target("avx512f,avx512bf16"))) static void run_dpbf16(int64_t repetitions, float seed, float *result) {
  __m512 sums[INDEPENDENT_SUMS];
  for (int i = 0; i < INDEPENDENT_SUMS; i++) sums[i] = _mm512_set1_ps(seed + (float)i);
  const __m512bh a = _mm512_cvtne2ps_pbh(sums[0], sums[1]), b = _mm512_cvtne2ps_pbh(sums[2], sums[3]);
  for (int64_t r = 0; r < repetitions * ROUNDS; r++)
#pragma clang loop unroll(full)
    for (int i = 0; i < INDEPENDENT_SUMS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
  float total = 0;
  for (int i = 0; i < INDEPENDENT_SUMS; i++) total += _mm512_reduce_add_ps(sums[i]);
  *result = total;
}

__attribute__((target(AVX512))) static void run_fma512(int64_t repetitions, float seed, float *result) {
  __m512 sums[INDEPENDENT_SUMS];
  for (int i = 0; i < INDEPENDENT_SUMS; i++) sums[i] = _mm512_set1_ps(seed + (float)i);
  const __m512 a = sums[1], b = sums[2];
  for (int64_t r = 0; r < repetitions * ROUNDS; r++)
#pragma clang loop unroll(full)
    for (int i = 0; i < INDEPENDENT_SUMS; i++) sums[i] = _mm512_fmadd_ps(a, b, sums[i]);
  float total = 0;
  for (int i = 0; i < INDEPENDENT_SUMS; i++) total += _mm512_reduce_add_ps(sums[i]);
  *result = total;
}

const char *kernels_peak_instruction(kernels_type type) {
  if (kernels_current_isa() != kernels_avx512) return 0;
  if (type == kernels_bf16) return __builtin_cpu_supports("avx512bf16") ? "vdpbf16ps" : 0;
  return "vfmadd231ps";
}

static void run_peak(void *context, int64_t thread) {
  const peak_work *work = context;
  work->run(work->repetitions, 1e-3f, work->results + thread);
}

int64_t kernels_peak_loop(kernels_type type, int64_t repetitions, int64_t threads) {
  enum { maximum_threads = 1024 };
  float results[maximum_threads];
  if (!kernels_peak_instruction(type) || threads > maximum_threads) return 0;
  peak_work work = {type == kernels_bf16 ? run_dpbf16 : run_fma512, repetitions, results};
  parallel_for(threads, run_peak, &work);
  // A vector of 16 sums: two products and two additions each, or one and one.
  return threads * repetitions * ROUNDS * INDEPENDENT_SUMS * 16 * (type == kernels_bf16 ? 4 : 2);
}
