// Included by Pooling.c for each element type and instruction set.

static void NAME(max_pool)(row_pair src, void *dst, int64_t dst_stride, int64_t columns, int64_t channels) {
  const ELEMENT *upper = src.upper, *lower = src.lower;
  ELEMENT *y = dst;
  const int64_t right = src.stride;
  for (int64_t x = 0; x < columns; x++, upper += 2 * right, lower += 2 * right, y += dst_stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      const float v0 = LOAD(upper + c), v1 = LOAD(upper + right + c), v2 = LOAD(lower + c), v3 = LOAD(lower + right + c);
      float best = v0;
      best = v1 > best ? v1 : best;
      best = v2 > best ? v2 : best;
      best = v3 > best ? v3 : best;
      STORE_EXACT(y + c, best);
    }
}

/// Compiled into `backward` twice, with and without a gradient to add to.
static inline __attribute__((always_inline)) void NAME(max_pool_backward)(
    row_pair src, const void *diff_dst, int64_t diff_dst_stride, row_pair skip, row_pair diff_src, int64_t columns, int64_t channels,
    const bool has_skip) {
  const ELEMENT *upper = src.upper, *lower = src.lower, *diff = diff_dst, *skip_upper = skip.upper, *skip_lower = skip.lower;
  ELEMENT *to_upper = diff_src.upper, *to_lower = diff_src.lower;
  const int64_t right = src.stride, skip_right = skip.stride, to_right = diff_src.stride;
  for (int64_t x = 0; x < columns; x++) {
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      const float v0 = LOAD(upper + c), v1 = LOAD(upper + right + c), v2 = LOAD(lower + c), v3 = LOAD(lower + right + c);
      const float best01 = v1 > v0 ? v1 : v0, best012 = v2 > best01 ? v2 : best01;
      const float g = LOAD(diff + c);
      // A later element takes the place only when it is larger: the first maximum in row order wins.
      const float g3 = v3 > best012 ? g : 0, rest3 = v3 > best012 ? 0 : g;
      const float g2 = v2 > best01 ? rest3 : 0, rest2 = v2 > best01 ? 0 : rest3;
      const float g1 = v1 > v0 ? rest2 : 0, g0 = v1 > v0 ? 0 : rest2;
      if (has_skip) {
        STORE(to_upper + c, LOAD(skip_upper + c) + g0);
        STORE(to_upper + to_right + c, LOAD(skip_upper + skip_right + c) + g1);
        STORE(to_lower + c, LOAD(skip_lower + c) + g2);
        STORE(to_lower + to_right + c, LOAD(skip_lower + skip_right + c) + g3);
      } else {
        STORE_EXACT(to_upper + c, g0);
        STORE_EXACT(to_upper + to_right + c, g1);
        STORE_EXACT(to_lower + c, g2);
        STORE_EXACT(to_lower + to_right + c, g3);
      }
    }
    upper += 2 * right;
    lower += 2 * right;
    diff += diff_dst_stride;
    if (has_skip) {
      skip_upper += 2 * skip_right;
      skip_lower += 2 * skip_right;
    }
    to_upper += 2 * to_right;
    to_lower += 2 * to_right;
  }
}

static void NAME(backward)(
    row_pair src, const void *diff_dst, int64_t diff_dst_stride, row_pair skip, row_pair diff_src, int64_t columns, int64_t channels) {
  if (skip.upper)
    NAME(max_pool_backward)(src, diff_dst, diff_dst_stride, skip, diff_src, columns, channels, true);
  else
    NAME(max_pool_backward)(src, diff_dst, diff_dst_stride, skip, diff_src, columns, channels, false);
}

static const loops NAME(table) = {NAME(max_pool), NAME(backward)};
