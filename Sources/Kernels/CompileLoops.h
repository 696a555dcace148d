// Compiles the text LOOPS once for each instruction set; NAME(x) is x with the suffix of the set.
//
// A text defines `static const loops NAME(table)`; `current_loops` picks by the instruction set in use.
// Contraction is off in every file: a sum of products must round alike at every instruction set.
#ifndef LOOPS
#error "define LOOPS, the file to compile"
#endif
#pragma STDC FP_CONTRACT OFF

#include "Kernels.h"
#include "LoopHints.h"

#define NAME(name) name##_baseline
#include LOOPS
#undef NAME

#pragma clang attribute push(__attribute__((target(AVX2))), apply_to = function)
#define NAME(name) name##_avx2
#include LOOPS
#undef NAME
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(AVX512))), apply_to = function)
#define NAME(name) name##_avx512
#include LOOPS
#undef NAME
#pragma clang attribute pop

static inline const loops *current_loops(void) {
  static const loops *const tables[] = {&table_baseline, &table_avx2, &table_avx512};
  return tables[kernels_current_isa()];
}
