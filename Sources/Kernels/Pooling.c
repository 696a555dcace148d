// 2x2 maximum pooling, stride 2.
#include "Team.h"
#include "View.h"

/// Both rows of a row of windows: pixel x of the upper one at `upper + x * stride`.
typedef struct {
  void *upper, *lower;
  int64_t stride;
} row_pair;

typedef struct {
  void (*max_pool)(row_pair src, void *dst, int64_t dst_stride, int64_t columns, int64_t channels);
  /// skip.upper null: no gradient to add to.
  void (*backward)(
      row_pair src, const void *diff_dst, int64_t diff_dst_stride, row_pair skip, row_pair diff_src, int64_t columns, int64_t channels);
} loops;

#define LOOPS "PoolingLoops.h"
#include "CompileTypedLoops.h"

typedef struct {
  const loops *loops;
  const kernels_view *src, *pooled, *diff_skip, *diff_src;  // pooled: dst or diff_dst, whose row blocks are the work
} pooling_work;

static row_pair pair_at(const kernels_view *view, int64_t plane, int64_t row) {
  return (row_pair){row_at(view, plane, 2 * row), row_at(view, plane, 2 * row + 1), view->column_stride};
}

static void pool_block(void *context, int64_t index) {
  const pooling_work *work = context;
  const kernels_view *dst = work->pooled;
  const row_block block = block_at(dst, index);
  for (int64_t row = block.row; row < block.end; row++)
    work->loops->max_pool(
        pair_at(work->src, block.plane, row), row_at(dst, block.plane, row), dst->column_stride, dst->columns, dst->channels);
}

static void pool_backward_block(void *context, int64_t index) {
  const pooling_work *work = context;
  const kernels_view *diff_dst = work->pooled;
  const row_block block = block_at(diff_dst, index);
  for (int64_t row = block.row; row < block.end; row++) {
    const row_pair none = {0, 0, 0};
    work->loops->backward(
        pair_at(work->src, block.plane, row), row_at(diff_dst, block.plane, row), diff_dst->column_stride,
        work->diff_skip ? pair_at(work->diff_skip, block.plane, row) : none, pair_at(work->diff_src, block.plane, row),
        diff_dst->columns, diff_dst->channels);
  }
}

void kernels_max_pool(const kernels_view *src, const kernels_view *dst) {
  require(half_shape(dst, src) && src->type == dst->type, __func__, "dst must have half the rows and columns of src, and its type");
  pooling_work work = {current_loops(src->type), src, dst, 0, 0};
  parallel_for(block_count(dst), pool_block, &work);
}

void kernels_max_pool_backward(
    const kernels_view *src, const kernels_view *diff_dst, const kernels_view *diff_skip, const kernels_view *diff_src) {
  require(
      half_shape(diff_dst, src) && src->type == diff_dst->type, __func__,
      "diff_dst must have half the rows and columns of src, and its type");
  require(same_shape(src, diff_src) && src->type == diff_src->type, __func__, "diff_src must have the shape and type of src");
  require(
      !diff_skip || (same_shape(src, diff_skip) && src->type == diff_skip->type), __func__,
      "diff_skip must have the shape and type of src");
  pooling_work work = {current_loops(src->type), src, diff_dst, diff_skip, diff_src};
  parallel_for(block_count(diff_dst), pool_backward_block, &work);
}
