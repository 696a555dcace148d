// Loads and stores of one element, as f32. The vectoriser turns loops of them into vector code.
#ifndef UNMIX_ELEMENTS_H
#define UNMIX_ELEMENTS_H

#include <stdint.h>

typedef float element_f32;
/// The upper half of an f32.
typedef uint16_t element_bf16;

static inline uint32_t bits_of(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float float_of(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

static inline float load_f32(const element_f32 *p) { return *p; }
static inline void store_f32(element_f32 *p, float value) { *p = value; }
static inline void store_exact_f32(element_f32 *p, float value) { *p = value; }

static inline float load_bf16(const element_bf16 *p) { return float_of((uint32_t)*p << 16); }

/// Rounds to nearest, ties to even; infinity, NaN and denormals survive (the AVX-512 BF16 instruction flushes denormals).
static inline void store_bf16(element_bf16 *p, float value) {
  const uint32_t bits = bits_of(value);
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  // A NaN's payload may sit in the lower half alone, or the addition may carry it away: set the quiet bit instead.
  const uint32_t quiet = bits >> 16 | 0x40;
  *p = (element_bf16)(value == value ? rounded : quiet);
}

/// For values that came from a bf16: nothing to round.
static inline void store_exact_bf16(element_bf16 *p, float value) { *p = (element_bf16)(bits_of(value) >> 16); }

#endif
