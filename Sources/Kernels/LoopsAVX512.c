// The same loops for processors with AVX-512 F, BW, DQ and VL. No contraction: both sets give the same bits.
#include "Loops.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define LOOPS_NAME(name) name##_avx512
#include "Loops.inc"

#pragma clang attribute pop
