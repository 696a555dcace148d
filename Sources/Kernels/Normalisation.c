// Batch normalisation fused with ReLU, forward and backward.
#include "Team.h"
#include "View.h"

/// One plane's channels of the per-channel parameters; what a loop does not use is null.
typedef struct {
  const float *mean, *inverse_deviation, *scale, *beta, *mean_g, *mean_g_xhat;
} parameters;

typedef struct {
  void (*normalise_relu)(
      const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t pixels, int64_t channels, parameters p);
  /// sums[c] += sum g; sums[C + c] += sum g * xhat
  void (*backward_sums)(
      const void *src, int64_t src_stride, const void *diff_dst, int64_t diff_dst_stride, int64_t pixels, int64_t channels,
      parameters p, double *sums);
  void (*backward)(
      const void *src, int64_t src_stride, const void *diff_dst, int64_t diff_dst_stride, void *diff_src, int64_t diff_src_stride,
      int64_t pixels, int64_t channels, parameters p);
} loops;

#define LOOPS "NormalisationLoops.h"
#include "CompileTypedLoops.h"

typedef struct {
  const loops *loops;
  const kernels_view *src, *diff_dst, *dst;  // dst: of the forward pass, or diff_src
  parameters parameters;
  double *scratch;
  bool join;
} normalisation_work;

static parameters from_channel(parameters p, int64_t channel) {
  p.mean += channel;
  p.scale += channel;
  p.beta += channel;
  if (p.inverse_deviation) p.inverse_deviation += channel;
  if (p.mean_g) p.mean_g += channel;
  if (p.mean_g_xhat) p.mean_g_xhat += channel;
  return p;
}

static void normalise_block(void *context, int64_t index) {
  const normalisation_work *work = context;
  const kernels_view *src = work->src, *dst = work->dst;
  const row_block block = block_at(src, index);
  const int64_t rows = work->join ? block.end - block.row : 1;
  const parameters p = from_channel(work->parameters, block.channel);
  for (int64_t row = block.row; row < block.end; row += rows)
    work->loops->normalise_relu(
        row_at(src, block.plane, row), src->column_stride, row_at(dst, block.plane, row), dst->column_stride, rows * src->columns,
        src->channels, p);
}

static void backward_sums_block(void *context, int64_t index) {
  const normalisation_work *work = context;
  const kernels_view *src = work->src, *diff_dst = work->diff_dst;
  const row_block block = block_at(src, index);
  const int64_t rows = work->join ? block.end - block.row : 1;
  const parameters p = from_channel(work->parameters, block.channel);
  double *sums = work->scratch + index * 2 * src->channels;
  for (int64_t i = 0; i < 2 * src->channels; i++) sums[i] = 0;
  for (int64_t row = block.row; row < block.end; row += rows)
    work->loops->backward_sums(
        row_at(src, block.plane, row), src->column_stride, row_at(diff_dst, block.plane, row), diff_dst->column_stride,
        rows * src->columns, src->channels, p, sums);
}

static void backward_block(void *context, int64_t index) {
  const normalisation_work *work = context;
  const kernels_view *src = work->src, *diff_dst = work->diff_dst, *dst = work->dst;
  const row_block block = block_at(src, index);
  const int64_t rows = work->join ? block.end - block.row : 1;
  const parameters p = from_channel(work->parameters, block.channel);
  for (int64_t row = block.row; row < block.end; row += rows)
    work->loops->backward(
        row_at(src, block.plane, row), src->column_stride, row_at(diff_dst, block.plane, row), diff_dst->column_stride,
        row_at(dst, block.plane, row), dst->column_stride, rows * src->columns, src->channels, p);
}

static void require_alike(const kernels_view *a, const kernels_view *b, const char *function) {
  require(same_shape(a, b) && a->type == b->type, function, "the views must have one shape and one element type");
}

void kernels_normalise_relu(
    const kernels_view *src, const kernels_view *dst, const float *mean, const float *scale, const float *beta) {
  require_alike(src, dst, __func__);
  normalisation_work work = {
      .loops = current_loops(src->type),
      .src = src,
      .dst = dst,
      .parameters = {.mean = mean, .scale = scale, .beta = beta},
      .join = rows_join(src) && rows_join(dst),
  };
  parallel_for(block_count(src), normalise_block, &work);
}

void kernels_normalise_backward_sums(
    const kernels_view *src, const kernels_view *diff_dst, const float *mean, const float *inverse_deviation, const float *scale,
    const float *beta, double *sums, double *scratch) {
  require_alike(src, diff_dst, __func__);
  normalisation_work work = {
      .loops = current_loops(src->type),
      .src = src,
      .diff_dst = diff_dst,
      .parameters = {.mean = mean, .inverse_deviation = inverse_deviation, .scale = scale, .beta = beta},
      .scratch = scratch,
      .join = rows_join(src) && rows_join(diff_dst),
  };
  parallel_for(block_count(src), backward_sums_block, &work);
  add_block_sums(src, scratch, 2, sums);
}

void kernels_normalise_backward(
    const kernels_view *src, const kernels_view *diff_dst, const kernels_view *diff_src, const float *mean,
    const float *inverse_deviation, const float *scale, const float *beta, const float *mean_g, const float *mean_g_xhat) {
  require_alike(src, diff_dst, __func__);
  require_alike(src, diff_src, __func__);
  normalisation_work work = {
      .loops = current_loops(src->type),
      .src = src,
      .diff_dst = diff_dst,
      .dst = diff_src,
      .parameters = {mean, inverse_deviation, scale, beta, mean_g, mean_g_xhat},
      .join = rows_join(src) && rows_join(diff_dst) && rows_join(diff_src),
  };
  parallel_for(block_count(src), backward_block, &work);
}
