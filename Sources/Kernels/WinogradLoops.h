// Included by Winograd.c for each instruction set. LANES: floats of a vector; ROWS: rows of a block of sums that fits into
// the registers, two vectors wide.
//
// Every sum goes over its terms in their order, by fused multiply-adds, whatever the width of a vector: all sets round alike.

typedef float NAME(vector) __attribute__((ext_vector_type(LANES)));
#define VECTOR NAME(vector)

INLINE VECTOR NAME(load)(const float *src) {
  VECTOR value;
  __builtin_memcpy(&value, src, sizeof value);
  return value;
}

INLINE void NAME(store)(float *dst, VECTOR value) { __builtin_memcpy(dst, &value, sizeof value); }

/// a * b + c with one rounding.
INLINE VECTOR NAME(fma)(VECTOR a, float b, VECTOR c) { return __builtin_elementwise_fma(a, (VECTOR)(b), c); }

/// Six pixels to the six points: B^T.
INLINE void NAME(src_to_points)(VECTOR v[6]) {
  const VECTOR even_a = NAME(fma)(v[2], -B2, v[4]), odd_a = NAME(fma)(v[3], A, v[1] * -B);
  const VECTOR even_b = NAME(fma)(v[2], -A2, v[4]), odd_b = NAME(fma)(v[3], B, v[1] * -A);
  v[0] = NAME(fma)(v[2], -(A2 + B2), v[0] + v[4]);
  v[5] = NAME(fma)(v[3], -(A2 + B2), v[1] + v[5]);
  v[1] = even_a + odd_a;
  v[2] = even_a - odd_a;
  v[3] = even_b + odd_b;
  v[4] = even_b - odd_b;
}

/// Six points to the four pixels: A^T.
INLINE void NAME(points_to_dst)(VECTOR v[6]) {
  const VECTOR even_a = v[1] + v[2], odd_a = v[1] - v[2], even_b = v[3] + v[4], odd_b = v[3] - v[4];
  v[0] = v[0] + even_a + even_b;
  v[1] = NAME(fma)(odd_a, A, odd_b * B);
  v[2] = NAME(fma)(even_a, A2, even_b * B2);
  v[3] = NAME(fma)(odd_a, A3, NAME(fma)(odd_b, B3, v[5]));
}

/// Four pixels' gradients to the six points: A.
INLINE void NAME(diff_dst_to_points)(VECTOR v[6]) {
  const VECTOR even_a = NAME(fma)(v[2], A2, v[0]), odd_a = NAME(fma)(v[3], A3, v[1] * A);
  const VECTOR even_b = NAME(fma)(v[2], B2, v[0]), odd_b = NAME(fma)(v[3], B3, v[1] * B);
  v[5] = v[3];
  v[1] = even_a + odd_a;
  v[2] = even_a - odd_a;
  v[3] = even_b + odd_b;
  v[4] = even_b - odd_b;
}

/// Three taps to the six points: G.
INLINE void NAME(weights_to_points)(VECTOR v[6]) {
  const VECTOR even_a = NAME(fma)(v[2], A2 * PER_A, v[0] * PER_A), odd_a = v[1] * (A * PER_A);
  const VECTOR even_b = NAME(fma)(v[2], B2 * PER_B, v[0] * PER_B), odd_b = v[1] * (B * PER_B);
  v[5] = v[2];
  v[1] = even_a + odd_a;
  v[2] = even_a - odd_a;
  v[3] = even_b + odd_b;
  v[4] = even_b - odd_b;
}

/// Six points' gradients to the three taps: G^T.
INLINE void NAME(points_to_diff_weights)(VECTOR v[6]) {
  const VECTOR even_a = (v[1] + v[2]) * PER_A, odd_a = (v[1] - v[2]) * (A * PER_A);
  const VECTOR even_b = (v[3] + v[4]) * PER_B, odd_b = (v[3] - v[4]) * (B * PER_B);
  v[0] = v[0] + even_a + even_b;
  v[1] = odd_a + odd_b;
  v[2] = NAME(fma)(even_a, A2, NAME(fma)(even_b, B2, v[5]));
}

/// Applies a transform of one dimension to the columns of `values`, then to its rows: `from` x `from` numbers become
/// `to` x `to`.
#define TRANSFORM(values, transform, from, to)                          \
  do {                                                                  \
    UNROLL for (int64_t x = 0; x < (from); x++) {                       \
      VECTOR column[6];                                                 \
      UNROLL for (int64_t y = 0; y < (from); y++) column[y] = values[y][x]; \
      NAME(transform)(column);                                          \
      UNROLL for (int64_t y = 0; y < (to); y++) values[y][x] = column[y]; \
    }                                                                   \
    UNROLL for (int64_t y = 0; y < (to); y++) NAME(transform)(values[y]); \
  } while (0)

/// 36 pixels of src to one row of each of the 36 matrices, which lie `plane` floats apart. The pixels that the next tile
/// adds are `ahead` floats behind these and are fetched meanwhile: the processor does not guess this order.
static void NAME(transform_src)(
    const tile_pixel pixels[36], int64_t channels, int64_t ahead, float *dst, int64_t plane) {
  for (int64_t c = 0; c < channels; c += LANES) {
    VECTOR values[6][6];
    if (c % FLOATS_OF_A_LINE == 0)
      UNROLL for (int64_t i = 0; i < 36; i++)
        if (i % 6 >= 2) __builtin_prefetch(pixels[i].channels + ((c + ahead) & pixels[i].inside));
    UNROLL for (int64_t i = 0; i < 36; i++) values[i / 6][i % 6] = NAME(load)(pixels[i].channels + (c & pixels[i].inside));
    TRANSFORM(values, src_to_points, 6, 6);
    UNROLL for (int64_t i = 0; i < 36; i++) NAME(store)(dst + i * plane + c, values[i / 6][i % 6]);
  }
}

/// Fetches channel `c` of the next window in the row.
INLINE void NAME(fetch_next)(tile_window window, int64_t c) {
  if (c % FLOATS_OF_A_LINE) return;
  const float *next = window.corner + 4 * window.column_stride + c;
  UNROLL for (int64_t y = 0; y < 4; y++)
    UNROLL for (int64_t x = 0; x < 4; x++) __builtin_prefetch(next + y * window.row_stride + x * window.column_stride);
}

/// One row of each of the 36 matrices of products to 4x4 pixels of dst; `bias` may be null.
static void NAME(transform_products)(const float *products, int64_t plane, const float *bias, int64_t channels, tile_window dst) {
  for (int64_t c = 0; c < channels; c += LANES) {
    VECTOR values[6][6];
    NAME(fetch_next)(dst, c);
    UNROLL for (int64_t i = 0; i < 36; i++) values[i / 6][i % 6] = NAME(load)(products + i * plane + c);
    TRANSFORM(values, points_to_dst, 6, 4);
    const VECTOR addend = bias ? NAME(load)(bias + c) : (VECTOR)(0);
    UNROLL for (int64_t y = 0; y < 4; y++)
      UNROLL for (int64_t x = 0; x < 4; x++)
        NAME(store)(dst.corner + y * dst.row_stride + x * dst.column_stride + c, values[y][x] + addend);
  }
}

/// 4x4 pixels of the gradient of dst to one row of each of the 36 matrices.
static void NAME(transform_diff_dst)(tile_window src, int64_t channels, float *dst, int64_t plane) {
  for (int64_t c = 0; c < channels; c += LANES) {
    VECTOR values[6][6];
    NAME(fetch_next)(src, c);
    UNROLL for (int64_t y = 0; y < 4; y++)
      UNROLL for (int64_t x = 0; x < 4; x++)
        values[y][x] = NAME(load)(src.corner + y * src.row_stride + x * src.column_stride + c);
    TRANSFORM(values, diff_dst_to_points, 4, 6);
    UNROLL for (int64_t i = 0; i < 36; i++) NAME(store)(dst + i * plane + c, values[i / 6][i % 6]);
  }
}

/// The 9 taps of each weight of one panel, 2 * LANES columns, to 36 matrices of rows as long as the panel is wide.
static void NAME(transform_weights)(
    const float *taps, int64_t rows, int64_t row_stride, int64_t column_stride, bool flipped, float *dst, int64_t plane) {
  for (int64_t row = 0; row < rows; row++, taps += row_stride, dst += 2 * LANES) {
    UNROLL for (int64_t i = 0; i < 36; i++) __builtin_prefetch(dst + i * plane + 2 * LANES, 1);
    for (int64_t first = 0; first < 2 * LANES; first += LANES) {
      float columns[9][LANES];
      for (int64_t i = 0; i < LANES; i++)
        UNROLL for (int64_t tap = 0; tap < 9; tap++)
          columns[flipped ? 8 - tap : tap][i] = taps[(first + i) * column_stride + tap];
      VECTOR values[6][6];
      UNROLL for (int64_t tap = 0; tap < 9; tap++) values[tap / 3][tap % 3] = NAME(load)(columns[tap]);
      TRANSFORM(values, weights_to_points, 3, 6);
      UNROLL for (int64_t i = 0; i < 36; i++) NAME(store)(dst + i * plane + first, values[i / 6][i % 6]);
    }
  }
}

/// One panel of the 36 matrices of the gradient, whose rows are `row_stride` floats long, to the 9 taps of each of its numbers.
static void NAME(transform_gradient)(
    const float *points, int64_t plane, int64_t rows, int64_t row_stride, float *taps, int64_t column_stride) {
  for (int64_t row = 0; row < rows; row++, points += row_stride, taps += 9) {
    UNROLL for (int64_t i = 0; i < 36; i++) __builtin_prefetch(points + i * plane + row_stride);
    for (int64_t first = 0; first < 2 * LANES; first += LANES) {
      VECTOR values[6][6];
      UNROLL for (int64_t i = 0; i < 36; i++) values[i / 6][i % 6] = NAME(load)(points + i * plane + first);
      TRANSFORM(values, points_to_diff_weights, 6, 3);
      float columns[9][LANES];
      UNROLL for (int64_t tap = 0; tap < 9; tap++) NAME(store)(columns[tap], values[tap / 3][tap % 3]);
      for (int64_t i = 0; i < LANES; i++)
        UNROLL for (int64_t tap = 0; tap < 9; tap++) taps[(first + i) * column_stride + tap] = columns[tap][i];
    }
  }
}

/// `rows` rows of a product, a constant at each call.
INLINE void NAME(block)(const int64_t rows, const matrix_product *p, const float *a, float *c) {
  VECTOR sums[ROWS][2];
  UNROLL for (int64_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = (VECTOR)(0);
  const float *b = p->b;
  for (int64_t i = 0; i < p->depth; i++, a += p->a_step, b += p->b_step) {
    const VECTOR b0 = NAME(load)(b), b1 = NAME(load)(b + LANES);
    UNROLL for (int64_t r = 0; r < rows; r++) {
      sums[r][0] = NAME(fma)(b0, a[r * p->a_row], sums[r][0]);
      sums[r][1] = NAME(fma)(b1, a[r * p->a_row], sums[r][1]);
    }
  }
  UNROLL for (int64_t r = 0; r < rows; r++) {
    float *row = c + r * p->c_row;
    if (p->adds) {
      sums[r][0] += NAME(load)(row);
      sums[r][1] += NAME(load)(row + LANES);
    }
    NAME(store)(row, sums[r][0]);
    NAME(store)(row + LANES, sums[r][1]);
  }
}

static void NAME(multiply)(const matrix_product *p) {
  const float *a = p->a;
  float *c = p->c;
  int64_t left = p->rows;
  for (; left >= ROWS; left -= ROWS, a += ROWS * p->a_row, c += ROWS * p->c_row) NAME(block)(ROWS, p, a, c);
  for (; left >= 4; left -= 4, a += 4 * p->a_row, c += 4 * p->c_row) NAME(block)(4, p, a, c);
  for (; left >= 1; left -= 1, a += p->a_row, c += p->c_row) NAME(block)(1, p, a, c);
}

static const loops NAME(table) = {
    2 * LANES,
    NAME(transform_src),
    NAME(transform_products),
    NAME(transform_diff_dst),
    NAME(transform_weights),
    NAME(transform_gradient),
    NAME(multiply)};

#undef VECTOR
#undef TRANSFORM
