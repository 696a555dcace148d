// The two output layers: 1x1 convolutions to one channel each, with bias and ReLU.
#include "Team.h"
#include "View.h"

/// Partial sums of a dot product, whatever the vector length: the order of additions is part of the result.
#define DOT_LANES 16
/// Those sums added up to four; the last additions then run over pixels instead of lanes.
#define QUARTER_LANES 4
/// Pixels whose sums wait for that.
#define HEAD_PIXELS 32

typedef struct {
  /// dst0[x], dst1[x] of the two heads. Channels lie in `blocks` blocks, `block_stride` elements apart.
  void (*heads)(
      const void *src, int64_t stride, int64_t block_stride, int64_t blocks, int64_t pixels, int64_t channels, const float *weights,
      const float *bias, float *dst0, float *dst1);
  /// One block of channels: diff_src, and sums[c], sums[C + c] += diff * src of the two heads.
  void (*backward)(
      const void *src, int64_t stride, const float *diff0, const float *diff1, const float *weights0, const float *weights1,
      void *diff_src, int64_t diff_src_stride, int64_t pixels, int64_t channels, double *sums);
} loops;

#define LOOPS "HeadsLoops.h"
#include "CompileTypedLoops.h"

typedef struct {
  const loops *loops;
  const kernels_view *src, *diff_src;
  const float *weights, *bias, *diff_dst;
  float *dst;
  double *scratch;
  int64_t images;
} heads_work;

static void heads_block(void *context, int64_t index) {
  const heads_work *work = context;
  const kernels_view *src = work->src;
  const int64_t image = index / blocks_per_plane(src), head = work->images * src->rows * src->columns;
  // Row blocks of the first plane of each image; the loop itself walks the image's other planes.
  const row_block block = block_at(src, index % blocks_per_plane(src));
  for (int64_t row = block.row; row < block.end; row++) {
    float *dst = work->dst + (image * src->rows + row) * src->columns;
    work->loops->heads(
        row_at(src, image * src->channel_blocks, row), src->column_stride, src->outer_stride, src->channel_blocks, src->columns,
        src->channels, work->weights, work->bias, dst, dst + head);
  }
}

void kernels_heads(const kernels_view *src, const float *weights, const float *bias, float *dst) {
  heads_work work = {
      .loops = current_loops(src->type),
      .src = src,
      .weights = weights,
      .bias = bias,
      .dst = dst,
      .images = src->outer / src->channel_blocks,
  };
  parallel_for(work.images * blocks_per_plane(src), heads_block, &work);
}

static void heads_backward_block(void *context, int64_t index) {
  const heads_work *work = context;
  const kernels_view *src = work->src, *diff_src = work->diff_src;
  const row_block block = block_at(src, index);
  const int64_t pixels = src->columns, image = block.plane / src->channel_blocks;
  const int64_t head = work->images * src->rows * pixels;
  const float *weights = work->weights + block.channel;
  double *sums = work->scratch + index * 2 * src->channels;
  for (int64_t i = 0; i < 2 * src->channels; i++) sums[i] = 0;
  for (int64_t row = block.row; row < block.end; row++) {
    const float *diff = work->diff_dst + (image * src->rows + row) * pixels;
    work->loops->backward(
        row_at(src, block.plane, row), src->column_stride, diff, diff + head, weights, weights + total_channels(src),
        row_at(diff_src, block.plane, row), diff_src->column_stride, pixels, src->channels, sums);
  }
}

void kernels_heads_backward(
    const kernels_view *src, const float *diff_dst, const float *weights, const kernels_view *diff_src, double *diff_weights,
    double *diff_bias, double *scratch) {
  require(same_shape(src, diff_src) && src->type == diff_src->type, __func__, "diff_src must have the shape and type of src");
  heads_work work = {
      .loops = current_loops(src->type),
      .src = src,
      .diff_src = diff_src,
      .weights = weights,
      .diff_dst = diff_dst,
      .scratch = scratch,
      .images = src->outer / src->channel_blocks,
  };
  parallel_for(block_count(src), heads_backward_block, &work);
  add_block_sums(src, scratch, 2, diff_weights);
  const int64_t head = work.images * src->rows * src->columns;
  for (int64_t h = 0; h < 2; h++) {
    double sum = 0;
    for (int64_t i = 0; i < head; i++) sum += (double)diff_dst[h * head + i];
    diff_bias[h] = sum;
  }
}
