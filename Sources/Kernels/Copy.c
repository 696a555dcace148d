// Copies between activations, converting the element type where it differs.
#include "Loops.h"
#include "Rows.h"
#include "Team.h"

typedef struct {
  const typed_loops *loops;
  const kernels_view *src, *dst;
} pass;

static void copy_block(void *context, int64_t index) {
  const pass *p = context;
  const row_block block = block_at(p->src, index);
  for (int64_t y = block.first; y < block.end; y++) {
    const void *src = row_of(p->src, block.outer, y);
    void *dst = row_of(p->dst, block.outer, y);
    if (p->dst->type == kernels_f32)
      p->loops->to_f32(src, p->src->column_stride, dst, p->dst->column_stride, p->src->columns, p->src->channels);
    else
      p->loops->to_bf16(src, p->src->column_stride, dst, p->dst->column_stride, p->src->columns, p->src->channels);
  }
}

void kernels_copy(const kernels_view *src, const kernels_view *dst) {
  require_same_shape(src, dst);
  pass p = {.loops = &current_loops()->typed[src->type], .src = src, .dst = dst};
  team_for(blocks_of(src), copy_block, &p);
}
