// 3x3 convolutions of f32 with "same" padding by Winograd's algorithm F(4x4, 3x3): Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2016.
//
// A tile of 4x4 pixels of dst depends on 6x6 pixels of src. Both, and the 3x3 weights, are polynomials in two variables. Given
// by their values at 6x6 points they are multiplied point by point: 36 products for each pair of channels where the plain sums
// need 144. So a convolution is 36 products of matrices, [tiles][src channels] by [src channels][dst channels], between
// transforms that are cheap because they need no pair of channels.
//
// The points are 0, a, -a, b, -b and infinity with a = 2/3, b = 3/2. The customary 1 and 2 round twice as badly; with these the
// whole network's predictions lie as near to f64 as those of plain f32 sums (docs/numerics.md).
#include <stdbool.h>
#include <string.h>

#include "Kernels.h"
#include "LoopHints.h"
#include "Team.h"
#include "View.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("clang loop unroll(full)")

#define POINT_A (2.0 / 3)
#define POINT_B (3.0 / 2)
#define A ((float)POINT_A)
#define A2 ((float)(POINT_A * POINT_A))
#define A3 ((float)(POINT_A * POINT_A * POINT_A))
#define B ((float)POINT_B)
#define B2 ((float)(POINT_B * POINT_B))
#define B3 ((float)(POINT_B * POINT_B * POINT_B))
// What the Lagrange polynomials of the points +-a and +-b are divided by.
#define PER_A ((float)(1 / (2 * POINT_A * POINT_A * (POINT_A * POINT_A - POINT_B * POINT_B))))
#define PER_B ((float)(1 / (2 * POINT_B * POINT_B * (POINT_B * POINT_B - POINT_A * POINT_A))))

/// Pixels of dst on a side of a tile.
#define TILE 4
/// Points, and so matrices.
#define POINTS 36
/// Floats of a line of the caches.
#define FLOATS_OF_A_LINE 16
/// Tiles that are worked on together: their matrices stay in the caches from one transform to the other. A gradient is a sum
/// of their sums, which rounds less than one long sum.
#define TILES_TOGETHER 64

/// Floats from one of 36 matrices of `count` numbers to the next: a power of two would put what belongs together, a number of
/// each, into the same few lines of a cache.
static int64_t plane_of(int64_t count) { return count + 16; }

/// A pixel of src, or zeros in its place outside the image: `channels + (c & inside)` holds channel c.
typedef struct {
  const float *channels;
  int64_t inside;
} tile_pixel;

/// 4x4 pixels.
typedef struct {
  float *corner;
  int64_t row_stride, column_stride;
} tile_window;

/// c[r][n] (+)= sum over i of a[r * a_row + i * a_step] * b[i * b_step + n], for n in two vectors.
typedef struct {
  const float *a, *b;
  float *c;
  int64_t rows, depth, a_row, a_step, b_step, c_row;
  bool adds;
} matrix_product;

typedef struct {
  /// Columns of a panel.
  int64_t panel;
  void (*transform_src)(const tile_pixel pixels[POINTS], int64_t channels, int64_t ahead, float *dst, int64_t plane);
  void (*transform_products)(const float *products, int64_t plane, const float *bias, int64_t channels, tile_window dst);
  void (*transform_diff_dst)(tile_window src, int64_t channels, float *dst, int64_t plane);
  void (*transform_weights)(
      const float *taps, int64_t rows, int64_t row_stride, int64_t column_stride, bool flipped, float *dst, int64_t plane);
  void (*transform_gradient)(
      const float *points, int64_t plane, int64_t rows, int64_t row_stride, float *taps, int64_t column_stride);
  void (*multiply)(const matrix_product *product);
} loops;

#pragma clang attribute push(__attribute__((target(AVX2))), apply_to = function)
#define NAME(name) name##_avx2
#define LANES 8
#define ROWS 6
#include "WinogradLoops.h"
#undef NAME
#undef LANES
#undef ROWS
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(AVX512))), apply_to = function)
#define NAME(name) name##_avx512
#define LANES 16
#define ROWS 12
#include "WinogradLoops.h"
#undef NAME
#undef LANES
#undef ROWS
#pragma clang attribute pop

/// The widest loops in use whose panels divide both numbers of channels; null where there are none.
static const loops *loops_for(int64_t src_channels, int64_t dst_channels) {
  static const loops *const tables[] = {&table_avx512, &table_avx2};
  static const kernels_isa needed[] = {kernels_avx512, kernels_avx2};
  for (int i = 0; i < 2; i++) {
    const int64_t panel = tables[i]->panel;
    if (kernels_current_isa() >= needed[i] && src_channels % panel == 0 && dst_channels % panel == 0) return tables[i];
  }
  return 0;
}

static const loops *required_loops(const char *function, int64_t src_channels, int64_t dst_channels) {
  const loops *loops = loops_for(src_channels, dst_channels);
  require(loops, function, "no loops for these numbers of channels at this instruction set");
  return loops;
}

bool kernels_winograd_fits(int64_t rows, int64_t columns, int64_t src_channels, int64_t dst_channels) {
  return rows % TILE == 0 && columns % TILE == 0 && loops_for(src_channels, dst_channels);
}

int64_t kernels_winograd_weights_count(int64_t src_channels, int64_t dst_channels) {
  return POINTS * plane_of(src_channels * dst_channels);
}

int64_t kernels_winograd_scratch_count(int64_t src_channels, int64_t dst_channels, bool backward) {
  const int64_t sums = backward ? plane_of(src_channels * dst_channels) : 0;
  return POINTS * (plane_of(TILES_TOGETHER * src_channels) + plane_of(TILES_TOGETHER * dst_channels) + sums);
}

// Weights.

typedef struct {
  const loops *loops;
  const float *weights;
  float *packed;
  int64_t rows, columns, row_stride, column_stride;
  bool flipped;
} packing_work;

static void pack_panel(void *context, int64_t panel) {
  const packing_work *work = context;
  const int64_t first = panel * work->loops->panel;
  work->loops->transform_weights(
      work->weights + first * work->column_stride, work->rows, work->row_stride, work->column_stride, work->flipped,
      work->packed + first * work->rows, plane_of(work->rows * work->columns));
}

void kernels_winograd_pack(const float *weights, int64_t src_channels, int64_t dst_channels, bool backward, float *packed) {
  // Backward, src and dst change places and the taps are turned round.
  packing_work work = {.loops = required_loops(__func__, src_channels, dst_channels), .weights = weights, .packed = packed,
                       .flipped = backward};
  work.rows = backward ? dst_channels : src_channels;
  work.columns = backward ? src_channels : dst_channels;
  work.row_stride = backward ? 9 * src_channels : 9;
  work.column_stride = backward ? 9 : 9 * src_channels;
  parallel_for(work.columns / work.loops->panel, pack_panel, &work);
}

// Tiles.

static int64_t tiles_per_image(const kernels_view *view) { return view->rows / TILE * (view->columns / TILE); }

/// Row and column of a tile's first pixel, and its image.
typedef struct {
  int64_t image, row, column;
} tile_place;

static tile_place place_of(const kernels_view *view, int64_t tile) {
  const int64_t across = view->columns / TILE, per_image = tiles_per_image(view), in_image = tile % per_image;
  return (tile_place){tile / per_image, in_image / across * TILE, in_image % across * TILE};
}

static float *pixel_at(const kernels_view *view, int64_t image, int64_t row, int64_t column) {
  return (float *)row_at(view, image, row) + column * view->column_stride;
}

static tile_window window_at(const kernels_view *view, int64_t tile) {
  const tile_place place = place_of(view, tile);
  return (tile_window){pixel_at(view, place.image, place.row, place.column), view->row_stride, view->column_stride};
}

/// The pixels that a tile of dst depends on: one more on each side.
static void find_pixels(const kernels_view *src, int64_t tile, tile_pixel pixels[POINTS]) {
  static const float zeros[16];
  const tile_place place = place_of(src, tile);
  for (int64_t i = 0; i < POINTS; i++) {
    const int64_t row = place.row - 1 + i / 6, column = place.column - 1 + i % 6;
    const bool inside = row >= 0 && row < src->rows && column >= 0 && column < src->columns;
    pixels[i] = inside ? (tile_pixel){pixel_at(src, place.image, row, column), -1} : (tile_pixel){zeros, 0};
  }
}

static void require_images(const char *function, const kernels_view *src, const kernels_view *dst) {
  require(src->type == kernels_f32 && dst->type == kernels_f32, function, "src and dst must be f32");
  require(src->channel_blocks == 1 && dst->channel_blocks == 1, function, "src and dst must hold all channels of a pixel together");
  require(
      src->outer == dst->outer && src->rows == dst->rows && src->columns == dst->columns, function,
      "src and dst must have the same images, rows and columns");
  require(src->rows % TILE == 0 && src->columns % TILE == 0, function, "rows and columns must be multiples of 4");
}

// Forward, and backward to src.

typedef struct {
  const loops *loops;
  const kernels_view *src, *dst;
  const float *packed, *bias;
  float *points, *products;
  int64_t first, tiles;
} convolution_work;

static void convolution_src(void *context, int64_t i) {
  const convolution_work *work = context;
  tile_pixel pixels[POINTS];
  find_pixels(work->src, work->first + i, pixels);
  const int64_t channels = work->src->channels;
  work->loops->transform_src(
      pixels, channels, TILE * work->src->column_stride, work->points + i * channels, plane_of(TILES_TOGETHER * channels));
}

static void convolution_panel(void *context, int64_t index) {
  const convolution_work *work = context;
  const int64_t src_channels = work->src->channels, dst_channels = work->dst->channels, panel = work->loops->panel;
  const int64_t panels = dst_channels / panel, point = index / panels, column = index % panels * panel;
  work->loops->multiply(&(matrix_product){
      .a = work->points + point * plane_of(TILES_TOGETHER * src_channels),
      .a_row = src_channels,
      .a_step = 1,
      .b = work->packed + point * plane_of(src_channels * dst_channels) + column * src_channels,
      .b_step = panel,
      .c = work->products + point * plane_of(TILES_TOGETHER * dst_channels) + column,
      .c_row = dst_channels,
      .rows = work->tiles,
      .depth = src_channels,
  });
}

static void convolution_dst(void *context, int64_t i) {
  const convolution_work *work = context;
  const int64_t channels = work->dst->channels;
  work->loops->transform_products(
      work->products + i * channels, plane_of(TILES_TOGETHER * channels), work->bias, channels, window_at(work->dst, work->first + i));
}

void kernels_winograd_convolution(
    const kernels_view *src, const float *packed, const float *bias, const kernels_view *dst, float *scratch) {
  require_images(__func__, src, dst);
  require(src->data != dst->data || src->outer == 0, __func__, "dst must not be src: tiles read their neighbours");
  convolution_work work = {
      .loops = required_loops(__func__, src->channels, dst->channels), .src = src, .dst = dst, .packed = packed, .bias = bias};
  work.points = scratch;
  work.products = scratch + POINTS * plane_of(TILES_TOGETHER * src->channels);
  const int64_t all = src->outer * tiles_per_image(src);
  for (; work.first < all; work.first += TILES_TOGETHER) {
    work.tiles = minimum(TILES_TOGETHER, all - work.first);
    parallel_for(work.tiles, convolution_src, &work);
    parallel_for(POINTS * (dst->channels / work.loops->panel), convolution_panel, &work);
    parallel_for(work.tiles, convolution_dst, &work);
  }
}

// The gradient of the weights.

typedef struct {
  const loops *loops;
  const kernels_view *src, *diff_dst;
  float *src_points, *diff_points, *sums, *diff_weights;
  int64_t first, tiles;
} gradient_work;

static void gradient_tile(void *context, int64_t i) {
  const gradient_work *work = context;
  tile_pixel pixels[POINTS];
  find_pixels(work->src, work->first + i, pixels);
  const int64_t src_channels = work->src->channels, dst_channels = work->diff_dst->channels;
  work->loops->transform_src(
      pixels, src_channels, TILE * work->src->column_stride, work->src_points + i * src_channels,
      plane_of(TILES_TOGETHER * src_channels));
  work->loops->transform_diff_dst(
      window_at(work->diff_dst, work->first + i), dst_channels, work->diff_points + i * dst_channels,
      plane_of(TILES_TOGETHER * dst_channels));
}

static void gradient_panel(void *context, int64_t index) {
  const gradient_work *work = context;
  const int64_t src_channels = work->src->channels, dst_channels = work->diff_dst->channels, panel = work->loops->panel;
  const int64_t panels = dst_channels / panel, point = index / panels, column = index % panels * panel;
  work->loops->multiply(&(matrix_product){
      .a = work->src_points + point * plane_of(TILES_TOGETHER * src_channels),
      .a_row = 1,
      .a_step = src_channels,
      .b = work->diff_points + point * plane_of(TILES_TOGETHER * dst_channels) + column,
      .b_step = dst_channels,
      .c = work->sums + point * plane_of(src_channels * dst_channels) + column,
      .c_row = dst_channels,
      .rows = src_channels,
      .depth = work->tiles,
      .adds = work->first > 0,
  });
}

static void gradient_taps(void *context, int64_t panel) {
  const gradient_work *work = context;
  const int64_t src_channels = work->src->channels, dst_channels = work->diff_dst->channels, first = panel * work->loops->panel;
  work->loops->transform_gradient(
      work->sums + first, plane_of(src_channels * dst_channels), src_channels, dst_channels,
      work->diff_weights + first * src_channels * 9, src_channels * 9);
}

void kernels_winograd_backward_weights(
    const kernels_view *src, const kernels_view *diff_dst, float *diff_weights, float *scratch) {
  require_images(__func__, src, diff_dst);
  gradient_work work = {
      .loops = required_loops(__func__, src->channels, diff_dst->channels), .src = src, .diff_dst = diff_dst,
      .diff_weights = diff_weights};
  work.src_points = scratch;
  work.diff_points = work.src_points + POINTS * plane_of(TILES_TOGETHER * src->channels);
  work.sums = work.diff_points + POINTS * plane_of(TILES_TOGETHER * diff_dst->channels);
  const int64_t all = src->outer * tiles_per_image(src);
  if (all == 0) {
    memset(diff_weights, 0, (size_t)(9 * src->channels * diff_dst->channels) * sizeof *diff_weights);
    return;
  }
  for (; work.first < all; work.first += TILES_TOGETHER) {
    work.tiles = minimum(TILES_TOGETHER, all - work.first);
    parallel_for(work.tiles, gradient_tile, &work);
    parallel_for(POINTS * (diff_dst->channels / work.loops->panel), gradient_panel, &work);
  }
  parallel_for(diff_dst->channels / work.loops->panel, gradient_taps, &work);
}
