// Activations cut into row blocks: the unit of work of a thread and of a partial sum.
#ifndef UNMIX_VIEW_H
#define UNMIX_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "Kernels.h"

/// Pixels of a row block, as near as whole rows allow: enough to be worth a call, few enough that every thread has some.
#define BLOCK_PIXELS 256

/// Stops the program: the caller broke the contract of Kernels.h.
static inline void require(bool condition, const char *function, const char *rule) {
  if (condition) return;
  fprintf(stderr, "%s: %s\n", function, rule);
  abort();
}

static inline int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }

static inline int64_t rows_per_block(const kernels_view *view) {
  const int64_t rows = view->columns >= BLOCK_PIXELS ? 1 : BLOCK_PIXELS / (view->columns > 0 ? view->columns : 1);
  return minimum(rows, view->rows > 0 ? view->rows : 1);
}

static inline int64_t blocks_per_plane(const kernels_view *view) {
  const int64_t rows = rows_per_block(view);
  return (view->rows + rows - 1) / rows;
}

static inline int64_t block_count(const kernels_view *view) { return view->outer * blocks_per_plane(view); }

static inline int64_t total_channels(const kernels_view *view) { return view->channels * view->channel_blocks; }

/// Rows [row, end) of one plane. `channel` is the first channel of the plane, among all channels.
typedef struct {
  int64_t plane, row, end, channel;
} row_block;

static inline row_block block_at(const kernels_view *view, int64_t index) {
  const int64_t blocks = blocks_per_plane(view), rows = rows_per_block(view);
  const int64_t plane = index / blocks, row = index % blocks * rows;
  return (row_block){plane, row, minimum(row + rows, view->rows), plane % view->channel_blocks * view->channels};
}

/// Address of the first channel of pixel (row, 0) of a plane.
static inline void *row_at(const kernels_view *view, int64_t plane, int64_t row) {
  const int64_t element = plane * view->outer_stride + row * view->row_stride;
  return (char *)view->data + element * (view->type == kernels_bf16 ? 2 : 4);
}

/// Whether the pixels of successive rows follow each other like those of one row, so that rows can be joined.
static inline bool rows_join(const kernels_view *view) { return view->row_stride == view->columns * view->column_stride; }

static inline bool same_shape(const kernels_view *a, const kernels_view *b) {
  return a->outer == b->outer && a->rows == b->rows && a->columns == b->columns && a->channels == b->channels &&
         a->channel_blocks == b->channel_blocks;
}

/// `half` has half the rows and columns of `whole`.
static inline bool half_shape(const kernels_view *half, const kernels_view *whole) {
  return half->outer == whole->outer && 2 * half->rows == whole->rows && 2 * half->columns == whole->columns &&
         half->channels == whole->channels && half->channel_blocks == whole->channel_blocks;
}

/// sums[r * C + c] = sum over row blocks, in their order, of the sums that each block left in scratch,
/// laid out [block][row_count][channels]. So the result does not depend on the number of threads.
void add_block_sums(const kernels_view *view, const double *scratch, int64_t row_count, double *sums);

#endif
