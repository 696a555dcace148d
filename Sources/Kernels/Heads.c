// The two 1x1 convolutions with ReLU, the loss, and their backward.
#include "Loops.h"
#include "Rows.h"
#include "Team.h"

#include <string.h>

typedef struct {
  const kernels_loops *loops;
  const kernels_view *src, *diff_src;
  const float *weights, *bias, *diff_dst;
  float *dst, *scratch;
} pass;

/// Offset of row `y` of plane `o` in an array of one value a pixel.
static int64_t pixel_of(const kernels_view *src, int64_t o, int64_t y) { return (o * src->rows + y) * src->columns; }

static int64_t pixels_of(const kernels_view *src) { return src->outer * src->rows * src->columns; }

/// The dot products need all channels of a pixel side by side.
static void require_one_block(const kernels_view *src) {
  if (src->channel_blocks != 1) __builtin_trap();
}

static void heads_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  for (int64_t y = block.first; y < block.end; y++) {
    float *dst = p->dst + pixel_of(p->src, block.outer, y);
    p->loops->typed[p->src->type].heads(
        row_of(p->src, block.outer, y), p->src->column_stride, p->src->columns, p->src->channels, p->weights, p->bias, dst,
        dst + pixels_of(p->src));
  }
}

void kernels_heads(const kernels_view *src, const float *weights, const float *bias, float *dst) {
  require_one_block(src);
  pass p = {.loops = current_loops(), .src = src, .weights = weights, .bias = bias, .dst = dst};
  team_for(blocks_of(src), heads_block, &p);
}

typedef struct {
  const kernels_loops *loops;
  const float *predicted, *target;
  int64_t pixels;
  float factor;
  double *squared_errors;
  float *diff_dst;
} error_pass;

static void error_of_image(void *context, int64_t image) {
  const error_pass *p = context;
  const int64_t start = image * p->pixels;
  p->squared_errors[image] = p->loops->squared_error(
      p->predicted + start, p->target + start, p->pixels, p->factor, p->diff_dst ? p->diff_dst + start : 0);
}

void kernels_squared_error(
    const float *predicted, const float *target, int64_t count, int64_t pixels, float factor, double *squared_errors,
    float *diff_dst) {
  if (pixels <= 0 || count % pixels != 0) __builtin_trap();
  error_pass p = {current_loops(), predicted, target, pixels, factor, squared_errors, diff_dst};
  team_for(count / pixels, error_of_image, &p);
}

/// Sums of a block: [2][C] for the weights, [2] for the biases, in a slot of 4 * C floats (C = 1 needs all four).
static void backward_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  const int64_t channels = p->src->channels;
  float *sums = p->scratch + index * 4 * channels;
  memset(sums, 0, (size_t)(2 * channels + 2) * sizeof *sums);
  for (int64_t y = block.first; y < block.end; y++) {
    const float *diff = p->diff_dst + pixel_of(p->src, block.outer, y);
    p->loops->typed[p->src->type].heads_backward(
        row_of(p->src, block.outer, y), p->src->column_stride, p->src->columns, channels, diff, diff + pixels_of(p->src), p->weights,
        row_of(p->diff_src, block.outer, y), p->diff_src->column_stride, sums);
  }
}

void kernels_heads_backward(
    const kernels_view *src, const float *diff_dst, const float *weights, const kernels_view *diff_src, double *diff_weights,
    double *diff_bias, float *scratch) {
  require_one_block(src);
  require_same_shape(src, diff_src);
  require_same_type(src, diff_src);
  pass p = {
      .loops = current_loops(), .src = src, .diff_src = diff_src, .weights = weights, .diff_dst = diff_dst, .scratch = scratch};
  team_for(blocks_of(src), backward_block, &p);
  const int64_t channels = src->channels;
  memset(diff_weights, 0, (size_t)(2 * channels) * sizeof *diff_weights);
  diff_bias[0] = diff_bias[1] = 0;
  for (int64_t block = 0; block < blocks_of(src); block++) {
    const float *sums = scratch + block * 4 * channels;
    for (int64_t c = 0; c < 2 * channels; c++) diff_weights[c] += sums[c];
    diff_bias[0] += sums[2 * channels];
    diff_bias[1] += sums[2 * channels + 1];
  }
}
