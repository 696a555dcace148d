// 2x2 max pooling, stride 2.
#include "Loops.h"
#include "Rows.h"
#include "Team.h"

typedef struct {
  const typed_loops *loops;
  const kernels_view *src, *pooled, *diff_skip, *diff_src;
} pass;

static void require_halved(const kernels_view *src, const kernels_view *pooled) {
  if (src->rows != 2 * pooled->rows || src->columns != 2 * pooled->columns || src->outer != pooled->outer ||
      src->channels != pooled->channels || src->type != pooled->type)
    __builtin_trap();
}

static void pool_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->pooled, index);
  for (int64_t y = block.first; y < block.end; y++)
    p->loops->max_pool(
        row_of(p->src, block.outer, 2 * y), row_of(p->src, block.outer, 2 * y + 1), p->src->column_stride,
        row_of(p->pooled, block.outer, y), p->pooled->column_stride, p->pooled->columns, p->pooled->channels);
}

void kernels_max_pool(const kernels_view *src, const kernels_view *dst) {
  require_halved(src, dst);
  pass p = {.loops = &current_loops()->typed[src->type], .src = src, .pooled = dst};
  team_for(blocks_of(dst), pool_block, &p);
}

static void backward_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->pooled, index);
  const kernels_view *skip = p->diff_skip;
  for (int64_t y = block.first; y < block.end; y++)
    p->loops->max_pool_backward(
        row_of(p->src, block.outer, 2 * y), row_of(p->src, block.outer, 2 * y + 1), p->src->column_stride,
        row_of(p->pooled, block.outer, y), p->pooled->column_stride, skip ? row_of(skip, block.outer, 2 * y) : 0,
        skip ? row_of(skip, block.outer, 2 * y + 1) : 0, skip ? skip->column_stride : 0, row_of(p->diff_src, block.outer, 2 * y),
        row_of(p->diff_src, block.outer, 2 * y + 1), p->diff_src->column_stride, p->pooled->columns, p->pooled->channels);
}

void kernels_max_pool_backward(
    const kernels_view *src, const kernels_view *diff_dst, const kernels_view *diff_skip, const kernels_view *diff_src) {
  require_halved(src, diff_dst);
  require_same_shape(src, diff_src);
  require_same_type(src, diff_src);
  if (diff_skip) {
    require_same_shape(src, diff_skip);
    require_same_type(src, diff_skip);
  }
  pass p = {
      .loops = &current_loops()->typed[src->type], .src = src, .pooled = diff_dst, .diff_skip = diff_skip, .diff_src = diff_src};
  team_for(blocks_of(diff_dst), backward_block, &p);
}
