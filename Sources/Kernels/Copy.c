// Copies between layouts and element types.
#include <string.h>

#include "Team.h"
#include "View.h"

typedef struct {
  void (*to_f32)(const void *src, float *dst, int64_t count);
  void (*to_bf16)(const void *src, uint16_t *dst, int64_t count);
} loops;

#define LOOPS "CopyLoops.h"
#include "CompileTypedLoops.h"

typedef struct {
  const loops *loops;
  const kernels_view *src, *dst;
  /// Pixels, or rows, that are contiguous in both views and move as one run.
  bool join_rows, join_pixels;
} copy_work;

static void copy_run(const copy_work *work, const char *src, char *dst, int64_t count) {
  if (work->src->type == work->dst->type)
    memcpy(dst, src, (size_t)count * (work->dst->type == kernels_bf16 ? 2 : 4));
  else if (work->dst->type == kernels_bf16)
    work->loops->to_bf16(src, (uint16_t *)dst, count);
  else
    work->loops->to_f32(src, (float *)dst, count);
}

static void copy_block(void *context, int64_t index) {
  const copy_work *work = context;
  const kernels_view *src = work->src, *dst = work->dst;
  const row_block block = block_at(src, index);
  const int64_t rows = work->join_rows ? block.end - block.row : 1;
  const int64_t pixels = rows * src->columns, run = work->join_pixels ? pixels : 1;
  const int64_t src_step = src->column_stride * (src->type == kernels_bf16 ? 2 : 4);
  const int64_t dst_step = dst->column_stride * (dst->type == kernels_bf16 ? 2 : 4);
  for (int64_t row = block.row; row < block.end; row += rows) {
    const char *from = row_at(src, block.plane, row);
    char *to = row_at(dst, block.plane, row);
    for (int64_t x = 0; x < pixels; x += run) copy_run(work, from + x * src_step, to + x * dst_step, run * src->channels);
  }
}

void kernels_copy(const kernels_view *src, const kernels_view *dst) {
  require(same_shape(src, dst), __func__, "src and dst must have one shape");
  copy_work work = {
      .loops = current_loops(src->type),
      .src = src,
      .dst = dst,
      .join_rows = rows_join(src) && rows_join(dst),
      .join_pixels = src->column_stride == src->channels && dst->column_stride == dst->channels,
  };
  parallel_for(block_count(src), copy_block, &work);
}
