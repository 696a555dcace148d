// Cutting an activation into row blocks. Their borders depend on its shape alone, never on the number of threads.
#ifndef UNMIX_ROWS_H
#define UNMIX_ROWS_H

#include "Kernels.h"

/// Pixels of a block, about: few enough that f32 sums within a block lose nothing that matters.
enum { BLOCK_PIXELS = 256 };

static inline int64_t element_size(kernels_type type) { return type == kernels_bf16 ? 2 : 4; }

/// First channel of row `y` in plane `o`.
static inline void *row_of(const kernels_view *view, int64_t o, int64_t y) {
  return (char *)view->data + (o * view->outer_stride + y * view->row_stride) * element_size(view->type);
}

/// Channel that plane `o` begins with.
static inline int64_t first_channel(const kernels_view *view, int64_t o) { return o % view->channel_blocks * view->channels; }

/// Channels of all planes of an image together.
static inline int64_t all_channels(const kernels_view *view) { return view->channel_blocks * view->channels; }

static inline int64_t rows_in_block(const kernels_view *view) {
  const int64_t rows = view->columns > 0 ? BLOCK_PIXELS / view->columns : 1;
  return rows < 1 ? 1 : rows;
}

static inline int64_t blocks_in_plane(const kernels_view *view) {
  const int64_t rows = rows_in_block(view);
  return (view->rows + rows - 1) / rows;
}

static inline int64_t blocks_of(const kernels_view *view) { return view->outer * blocks_in_plane(view); }

/// Rows [first, end) of plane `outer`.
typedef struct {
  int64_t outer, first, end;
} row_block;

static inline row_block block_at(const kernels_view *view, int64_t index) {
  const int64_t in_plane = blocks_in_plane(view), rows = rows_in_block(view);
  const int64_t first = index % in_plane * rows, end = first + rows;
  return (row_block){index / in_plane, first, end < view->rows ? end : view->rows};
}

/// Stops the program, with the place: two views that must agree do not. A mistake of the caller, not of the world.
static inline void require_same_shape(const kernels_view *a, const kernels_view *b) {
  if (a->outer != b->outer || a->rows != b->rows || a->columns != b->columns || a->channels != b->channels ||
      a->channel_blocks != b->channel_blocks)
    __builtin_trap();
}

static inline void require_same_type(const kernels_view *a, const kernels_view *b) {
  if (a->type != b->type) __builtin_trap();
}

#endif
