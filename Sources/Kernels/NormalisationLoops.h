// Included by Normalisation.c for each element type and instruction set.

static void NAME(normalise_relu)(
    const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t pixels, int64_t channels, parameters p) {
  const ELEMENT *z = src;
  ELEMENT *y = dst;
  for (int64_t x = 0; x < pixels; x++, z += src_stride, y += dst_stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      const float value = (LOAD(z + c) - p.mean[c]) * p.scale[c] + p.beta[c];
      STORE(y + c, value < 0 ? 0 : value);  // so NaN comes through
    }
}

// Eight pixels share one load and one store of the sums, see StatisticsLoops.h.
static void NAME(backward_sums)(
    const void *src, int64_t src_stride, const void *diff_dst, int64_t diff_dst_stride, int64_t pixels, int64_t channels, parameters p,
    double *sums) {
  const ELEMENT *z = src, *diff = diff_dst;
  double *products = sums + channels;
  int64_t x = 0;
  for (; x + 8 <= pixels; x += 8, z += 8 * src_stride, diff += 8 * diff_dst_stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      double s = sums[c], q = products[c];
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < 8; i++) {
        const float centred = LOAD(z + i * src_stride + c) - p.mean[c];
        const float d = LOAD(diff + i * diff_dst_stride + c);
        const float g = centred * p.scale[c] + p.beta[c] > 0 ? d : 0;
        s += (double)g;
        q += (double)(g * (centred * p.inverse_deviation[c]));
      }
      sums[c] = s;
      products[c] = q;
    }
  for (; x < pixels; x++, z += src_stride, diff += diff_dst_stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      const float centred = LOAD(z + c) - p.mean[c];
      const float d = LOAD(diff + c);
      const float g = centred * p.scale[c] + p.beta[c] > 0 ? d : 0;
      sums[c] += (double)g;
      products[c] += (double)(g * (centred * p.inverse_deviation[c]));
    }
}

static void NAME(backward)(
    const void *src, int64_t src_stride, const void *diff_dst, int64_t diff_dst_stride, void *diff_src, int64_t diff_src_stride,
    int64_t pixels, int64_t channels, parameters p) {
  const ELEMENT *z = src, *diff = diff_dst;
  ELEMENT *result = diff_src;
  for (int64_t x = 0; x < pixels; x++, z += src_stride, diff += diff_dst_stride, result += diff_src_stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      const float centred = LOAD(z + c) - p.mean[c];
      const float d = LOAD(diff + c);
      const float g = centred * p.scale[c] + p.beta[c] > 0 ? d : 0;
      const float xhat = centred * p.inverse_deviation[c];
      STORE(result + c, p.scale[c] * (g - p.mean_g[c] - xhat * p.mean_g_xhat[c]));
    }
}

static const loops NAME(table) = {NAME(normalise_relu), NAME(backward_sums), NAME(backward)};
