// Batch normalisation with ReLU: statistics, the pass itself, and its backward.
#include "Loops.h"
#include "Rows.h"
#include "Team.h"

#include <string.h>

typedef struct {
  const typed_loops *loops;
  const kernels_view *src, *diff_dst, *other;
  const float *mean, *inverse_deviation, *scale, *beta, *mean_g, *mean_g_xhat;
  float *scratch;
} pass;

int64_t kernels_sums_scratch_count(const kernels_view *src) { return blocks_of(src) * 2 * src->channels; }

/// sums[k * C + c] = f64 sum over blocks, in block order, of scratch[block][k][c].
static void add_blocks(const kernels_view *src, const float *scratch, int64_t kinds, double *sums) {
  const int64_t blocks = blocks_of(src), channels = src->channels, all = all_channels(src);
  memset(sums, 0, (size_t)(kinds * all) * sizeof *sums);
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t start = first_channel(src, block_at(src, block).outer);
    const float *part = scratch + block * 2 * channels;
    for (int64_t kind = 0; kind < kinds; kind++)
      for (int64_t c = 0; c < channels; c++) sums[kind * all + start + c] += part[kind * channels + c];
  }
}

static void statistics_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  const int64_t channels = p->src->channels, start = first_channel(p->src, block.outer);
  float *sums = p->scratch + index * 2 * channels;
  memset(sums, 0, (size_t)(2 * channels) * sizeof *sums);
  for (int64_t y = block.first; y < block.end; y++)
    p->loops->statistics(
        row_of(p->src, block.outer, y), p->src->column_stride, p->src->columns, channels, p->mean + start, sums, sums + channels);
}

void kernels_statistics(const kernels_view *src, const float *shift, double *sums, float *scratch) {
  pass p = {.loops = &current_loops()->typed[src->type], .src = src, .mean = shift, .scratch = scratch};
  team_for(blocks_of(src), statistics_block, &p);
  add_blocks(src, scratch, 2, sums);
}

static void channel_sums_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  const int64_t channels = p->src->channels;
  float *sums = p->scratch + index * 2 * channels;
  memset(sums, 0, (size_t)channels * sizeof *sums);
  for (int64_t y = block.first; y < block.end; y++)
    p->loops->sums(row_of(p->src, block.outer, y), p->src->column_stride, p->src->columns, channels, sums);
}

void kernels_channel_sums(const kernels_view *src, double *sums, float *scratch) {
  pass p = {.loops = &current_loops()->typed[src->type], .src = src, .scratch = scratch};
  team_for(blocks_of(src), channel_sums_block, &p);
  add_blocks(src, scratch, 1, sums);
}

static void normalise_relu_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  const int64_t start = first_channel(p->src, block.outer);
  for (int64_t y = block.first; y < block.end; y++)
    p->loops->normalise_relu(
        row_of(p->src, block.outer, y), p->src->column_stride, row_of(p->other, block.outer, y), p->other->column_stride,
        p->src->columns, p->src->channels, p->mean + start, p->scale + start, p->beta + start);
}

void kernels_normalise_relu(
    const kernels_view *src, const kernels_view *dst, const float *mean, const float *scale, const float *beta) {
  require_same_shape(src, dst);
  require_same_type(src, dst);
  pass p = {.loops = &current_loops()->typed[src->type], .src = src, .other = dst, .mean = mean, .scale = scale, .beta = beta};
  team_for(blocks_of(src), normalise_relu_block, &p);
}

static void backward_sums_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  const int64_t channels = p->src->channels, start = first_channel(p->src, block.outer);
  float *sums = p->scratch + index * 2 * channels;
  memset(sums, 0, (size_t)(2 * channels) * sizeof *sums);
  for (int64_t y = block.first; y < block.end; y++)
    p->loops->normalise_backward_sums(
        row_of(p->src, block.outer, y), p->src->column_stride, row_of(p->diff_dst, block.outer, y), p->diff_dst->column_stride,
        p->src->columns, channels, p->mean + start, p->inverse_deviation + start, p->scale + start, p->beta + start, sums,
        sums + channels);
}

void kernels_normalise_backward_sums(
    const kernels_view *src, const kernels_view *diff_dst, const float *mean, const float *inverse_deviation, const float *scale,
    const float *beta, double *sums, float *scratch) {
  require_same_shape(src, diff_dst);
  require_same_type(src, diff_dst);
  pass p = {
      .loops = &current_loops()->typed[src->type],
      .src = src,
      .diff_dst = diff_dst,
      .mean = mean,
      .inverse_deviation = inverse_deviation,
      .scale = scale,
      .beta = beta,
      .scratch = scratch};
  team_for(blocks_of(src), backward_sums_block, &p);
  add_blocks(src, scratch, 2, sums);
}

static void backward_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  const int64_t start = first_channel(p->src, block.outer);
  for (int64_t y = block.first; y < block.end; y++)
    p->loops->normalise_backward(
        row_of(p->src, block.outer, y), p->src->column_stride, row_of(p->diff_dst, block.outer, y), p->diff_dst->column_stride,
        row_of(p->other, block.outer, y), p->other->column_stride, p->src->columns, p->src->channels, p->mean + start,
        p->inverse_deviation + start, p->scale + start, p->beta + start, p->mean_g + start, p->mean_g_xhat + start);
}

void kernels_normalise_backward(
    const kernels_view *src, const kernels_view *diff_dst, const kernels_view *diff_src, const float *mean,
    const float *inverse_deviation, const float *scale, const float *beta, const float *mean_g, const float *mean_g_xhat) {
  require_same_shape(src, diff_dst);
  require_same_shape(src, diff_src);
  require_same_type(src, diff_dst);
  require_same_type(src, diff_src);
  pass p = {
      .loops = &current_loops()->typed[src->type],
      .src = src,
      .diff_dst = diff_dst,
      .other = diff_src,
      .mean = mean,
      .inverse_deviation = inverse_deviation,
      .scale = scale,
      .beta = beta,
      .mean_g = mean_g,
      .mean_g_xhat = mean_g_xhat};
  team_for(blocks_of(src), backward_block, &p);
}
