// Included by Upsampling.c for each element type and instruction set.

/// dst[c] = bias[c] + terms[0][c] + terms[1][c] + ..., added in this order.
__attribute__((always_inline)) static inline void NAME(add_terms)(
    const float *const *terms, const int64_t count, const float *bias, ELEMENT *dst, int64_t channels) {
  INDEPENDENT for (int64_t c = 0; c < channels; c++) {
    float sum = bias[c];
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < count; i++) sum += terms[i][c];
    STORE(dst + c, sum);
  }
}

/// Tap k of row (or column) i of src lands on row 2i + k of dst: an even one gets taps 0 and, from the one before, 2; an odd
/// one gets tap 1.
static void NAME(add_row)(taps_row row) {
  const int64_t channels = row.channels, pixel = 9 * channels;
  const float *here = row.here + row.tap_row * 3 * channels, *above = row.above ? row.above + 6 * channels : 0;
  ELEMENT *dst = row.dst;
  for (int64_t x = 0; x < row.columns; x++, here += pixel, above += above ? pixel : 0) {
    const float *before = here - pixel + 2 * channels, *above_before = above ? above - pixel + 2 * channels : 0;
    if (above && x > 0)
      NAME(add_terms)((const float *[]){here, before, above, above_before}, 4, row.bias, dst, channels);
    else if (above)
      NAME(add_terms)((const float *[]){here, above}, 2, row.bias, dst, channels);
    else if (x > 0)
      NAME(add_terms)((const float *[]){here, before}, 2, row.bias, dst, channels);
    else
      NAME(add_terms)((const float *[]){here}, 1, row.bias, dst, channels);
    dst += row.dst_stride;
    if (above)
      NAME(add_terms)((const float *[]){here + channels, above + channels}, 2, row.bias, dst, channels);
    else
      NAME(add_terms)((const float *[]){here + channels}, 1, row.bias, dst, channels);
    dst += row.dst_stride;
  }
}

static const loops NAME(table) = {NAME(add_row)};
