// Included by Heads.c for each element type and instruction set.

/// The products of one pixel and both heads, summed into QUARTER_LANES lanes.
static inline void NAME(heads_pixel)(
    const ELEMENT *src, int64_t block_stride, int64_t blocks, int64_t channels, const float *weights, float *quarter0,
    float *quarter1) {
  _Alignas(64) float s0[DOT_LANES] = {0}, s1[DOT_LANES] = {0};
  for (int64_t b = 0; b < blocks; b++) {
    const ELEMENT *p = src + b * block_stride;
    const float *w0 = weights + b * channels, *w1 = w0 + blocks * channels;
    int64_t c = 0;
    for (; c + DOT_LANES <= channels; c += DOT_LANES)
      INDEPENDENT for (int64_t i = 0; i < DOT_LANES; i++) {
        const float value = LOAD(p + c + i);
        s0[i] += value * w0[c + i];
        s1[i] += value * w1[c + i];
      }
    if (c == channels) continue;
    // The last channels, filled up with zeros: whole vectors keep the sums in registers.
    _Alignas(64) float values[DOT_LANES] = {0}, last0[DOT_LANES] = {0}, last1[DOT_LANES] = {0};
    for (int64_t i = 0; i < channels - c; i++) {
      values[i] = LOAD(p + c + i);
      last0[i] = w0[c + i];
      last1[i] = w1[c + i];
    }
    INDEPENDENT for (int64_t i = 0; i < DOT_LANES; i++) {
      s0[i] += values[i] * last0[i];
      s1[i] += values[i] * last1[i];
    }
  }
  INDEPENDENT for (int64_t i = 0; i < QUARTER_LANES; i++) {
    quarter0[i] = (s0[i] + s0[i + 8]) + (s0[i + 4] + s0[i + 12]);
    quarter1[i] = (s1[i] + s1[i + 8]) + (s1[i + 4] + s1[i + 12]);
  }
}

static inline void NAME(finish_head)(const float *quarters, int64_t pixels, float bias, float *dst) {
  INDEPENDENT for (int64_t x = 0; x < pixels; x++) {
    const float *q = quarters + x * QUARTER_LANES;
    const float y = (q[0] + q[2]) + (q[1] + q[3]) + bias;
    dst[x] = y < 0 ? 0 : y;  // so NaN comes through
  }
}

static void NAME(heads)(
    const void *src, int64_t stride, int64_t block_stride, int64_t blocks, int64_t pixels, int64_t channels, const float *weights,
    const float *bias, float *dst0, float *dst1) {
  float quarters0[HEAD_PIXELS * QUARTER_LANES], quarters1[HEAD_PIXELS * QUARTER_LANES];
  for (int64_t first = 0; first < pixels; first += HEAD_PIXELS) {
    const int64_t count = pixels - first < HEAD_PIXELS ? pixels - first : HEAD_PIXELS;
    for (int64_t x = 0; x < count; x++)
      NAME(heads_pixel)(
          (const ELEMENT *)src + (first + x) * stride, block_stride, blocks, channels, weights, quarters0 + x * QUARTER_LANES,
          quarters1 + x * QUARTER_LANES);
    NAME(finish_head)(quarters0, count, bias[0], dst0 + first);
    NAME(finish_head)(quarters1, count, bias[1], dst1 + first);
  }
}

static void NAME(backward)(
    const void *src, int64_t stride, const float *diff0, const float *diff1, const float *weights0, const float *weights1,
    void *diff_src, int64_t diff_src_stride, int64_t pixels, int64_t channels, double *sums) {
  const ELEMENT *p = src;
  ELEMENT *result = diff_src;
  for (int64_t x = 0; x < pixels; x++, result += diff_src_stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) STORE(result + c, diff0[x] * weights0[c] + diff1[x] * weights1[c]);

  // Eight pixels share one load and one store of the sums, see StatisticsLoops.h.
  double *sums1 = sums + channels;
  int64_t x = 0;
  for (; x + 8 <= pixels; x += 8, p += 8 * stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      double s0 = sums[c], s1 = sums1[c];
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < 8; i++) {
        const float value = LOAD(p + i * stride + c);
        s0 += (double)(diff0[x + i] * value);
        s1 += (double)(diff1[x + i] * value);
      }
      sums[c] = s0;
      sums1[c] = s1;
    }
  for (; x < pixels; x++, p += stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      const float value = LOAD(p + c);
      sums[c] += (double)(diff0[x] * value);
      sums1[c] += (double)(diff1[x] * value);
    }
}

static const loops NAME(table) = {NAME(heads), NAME(backward)};
