#ifndef UNMIX_LOOP_HINTS_H
#define UNMIX_LOOP_HINTS_H

#define AVX2 "avx2,fma"
#define AVX512 AVX2 ",avx512f,avx512bw,avx512dq,avx512vl"

/// Before a loop whose iterations are independent (element i of the results depends on element i of the operands alone):
/// vectorise it without asking whether the arrays overlap. One vector at a time, since many loops are 16 or 32 long.
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety) interleave_count(1)")

#endif
