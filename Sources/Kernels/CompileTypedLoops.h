// Compiles the text LOOPS for each element type and instruction set. In it,
// NAME(x) is x with the suffix of both, ELEMENT the type in memory, LOAD, STORE and STORE_EXACT its conversions.
//
// A text defines `static const loops NAME(table)`; `current_loops` picks by type and by the instruction set in use.
// Contraction is off in every file: a sum of products must round alike at every instruction set.
#ifndef LOOPS
#error "define LOOPS, the file to compile"
#endif
#pragma STDC FP_CONTRACT OFF

#include "Elements.h"
#include "Kernels.h"
#include "LoopHints.h"

#define ELEMENT element_f32
#define LOAD load_f32
#define STORE store_f32
#define STORE_EXACT store_exact_f32

#define NAME(name) name##_f32_baseline
#include LOOPS
#undef NAME
#pragma clang attribute push(__attribute__((target(AVX2))), apply_to = function)
#define NAME(name) name##_f32_avx2
#include LOOPS
#undef NAME
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target(AVX512))), apply_to = function)
#define NAME(name) name##_f32_avx512
#include LOOPS
#undef NAME
#pragma clang attribute pop

#undef ELEMENT
#undef LOAD
#undef STORE
#undef STORE_EXACT
#define ELEMENT element_bf16
#define LOAD load_bf16
#define STORE store_bf16
#define STORE_EXACT store_exact_bf16

#define NAME(name) name##_bf16_baseline
#include LOOPS
#undef NAME
#pragma clang attribute push(__attribute__((target(AVX2))), apply_to = function)
#define NAME(name) name##_bf16_avx2
#include LOOPS
#undef NAME
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target(AVX512))), apply_to = function)
#define NAME(name) name##_bf16_avx512
#include LOOPS
#undef NAME
#pragma clang attribute pop

static inline const loops *current_loops(kernels_type type) {
  static const loops *const tables[][2] = {
      {&table_f32_baseline, &table_bf16_baseline}, {&table_f32_avx2, &table_bf16_avx2}, {&table_f32_avx512, &table_bf16_avx512}};
  return tables[kernels_current_isa()][type];
}
