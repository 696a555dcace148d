// The most a processor can do: its widest product instruction, from registers, nothing else.
#include <immintrin.h>

#include "Kernels.h"
#include "LoopHints.h"
#include "Team.h"

/// Sums that do not wait for one another: more than latency times throughput of any product instruction.
#define INDEPENDENT_SUMS 20
/// The same where there are 16 registers, two of them for the factors.
#define SUMS_256 14
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

__attribute__((target(AVX2))) static void run_fma256(int64_t repetitions, float seed, float *result) {
  __m256 sums[SUMS_256];
  for (int i = 0; i < SUMS_256; i++) sums[i] = _mm256_set1_ps(seed + (float)i);
  const __m256 a = sums[1], b = sums[2];
  for (int64_t r = 0; r < repetitions * ROUNDS; r++)
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS_256; i++) sums[i] = _mm256_fmadd_ps(a, b, sums[i]);
  float total = 0;
  for (int i = 0; i < SUMS_256; i++) total += sums[i][0] + sums[i][7];
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

/// A loop, its instruction, and the operations of one round.
typedef struct {
  const char *instruction;
  void (*run)(int64_t repetitions, float seed, float *result);
  int64_t operations;
} peak;

/// The widest of the set in use; an empty one where there is none.
static peak widest(kernels_type type) {
  // Two products and two additions in each of 16 sums, or one and one in each of 16 or 8.
  if (type == kernels_bf16)
    return kernels_current_isa() == kernels_avx512 && __builtin_cpu_supports("avx512bf16")
               ? (peak){"vdpbf16ps", run_dpbf16, INDEPENDENT_SUMS * 16 * 4}
               : (peak){0};
  switch (kernels_current_isa()) {
    case kernels_avx512: return (peak){"vfmadd231ps", run_fma512, INDEPENDENT_SUMS * 16 * 2};
    case kernels_avx2: return (peak){"vfmadd231ps", run_fma256, SUMS_256 * 8 * 2};
    case kernels_baseline: return (peak){0};
  }
}

const char *kernels_peak_instruction(kernels_type type) { return widest(type).instruction; }

static void run_peak(void *context, int64_t thread) {
  const peak_work *work = context;
  work->run(work->repetitions, 1e-3f, work->results + thread);
}

int64_t kernels_peak_loop(kernels_type type, int64_t repetitions, int64_t threads) {
  float results[kernels_peak_maximum_threads];
  const peak peak = widest(type);
  if (!peak.instruction || threads > kernels_peak_maximum_threads) return 0;
  peak_work work = {peak.run, repetitions, results};
  parallel_for(threads, run_peak, &work);
  return threads * repetitions * ROUNDS * peak.operations;
}
