// Included by Statistics.c for each element type and instruction set.
//
// Sums are f64: where a picture is black the same value is added again and again, every rounding of an f32 sum errs the
// same way, and the error grows with the picture. Eight pixels share one load and one store of the sums. They are added
// one after the other, as the pixels behind them are: how a block is cut into rows does not change a bit.

static void NAME(statistics)(const void *src, int64_t stride, int64_t pixels, int64_t channels, const float *shift, double *sums) {
  const ELEMENT *p = src;
  double *squares = sums + channels;
  int64_t x = 0;
  for (; x + 8 <= pixels; x += 8, p += 8 * stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      double s = sums[c], q = squares[c];
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < 8; i++) {
        const double d = (double)LOAD(p + i * stride + c) - (double)shift[c];
        s += d;
        q += d * d;
      }
      sums[c] = s;
      squares[c] = q;
    }
  for (; x < pixels; x++, p += stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      const double d = (double)LOAD(p + c) - (double)shift[c];
      sums[c] += d;
      squares[c] += d * d;
    }
}

static void NAME(sums)(const void *src, int64_t stride, int64_t pixels, int64_t channels, double *sums) {
  const ELEMENT *p = src;
  int64_t x = 0;
  for (; x + 8 <= pixels; x += 8, p += 8 * stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) {
      double s = sums[c];
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < 8; i++) s += (double)LOAD(p + i * stride + c);
      sums[c] = s;
    }
  for (; x < pixels; x++, p += stride)
    INDEPENDENT for (int64_t c = 0; c < channels; c++) sums[c] += (double)LOAD(p + c);
}

static const loops NAME(table) = {NAME(statistics), NAME(sums)};
