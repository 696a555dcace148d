// Sums per channel over all images and pixels.
#include "Team.h"
#include "View.h"

typedef struct {
  /// s[c] += sum (z - shift); s[C + c] += sum (z - shift)^2
  void (*statistics)(const void *src, int64_t stride, int64_t pixels, int64_t channels, const float *shift, double *sums);
  /// s[c] += sum z
  void (*sums)(const void *src, int64_t stride, int64_t pixels, int64_t channels, double *sums);
} loops;

#define LOOPS "StatisticsLoops.h"
#include "CompileTypedLoops.h"

typedef struct {
  const loops *loops;
  const kernels_view *src;
  const float *shift;  // null: plain sums
  double *scratch;
} statistics_work;

static void sum_block(void *context, int64_t index) {
  const statistics_work *work = context;
  const kernels_view *src = work->src;
  const row_block block = block_at(src, index);
  const int64_t rows = rows_join(src) ? block.end - block.row : 1, channels = src->channels;
  const int64_t row_count = work->shift ? 2 : 1;
  double *sums = work->scratch + index * row_count * channels;
  for (int64_t i = 0; i < row_count * channels; i++) sums[i] = 0;
  for (int64_t row = block.row; row < block.end; row += rows) {
    const void *p = row_at(src, block.plane, row);
    if (work->shift)
      work->loops->statistics(p, src->column_stride, rows * src->columns, channels, work->shift + block.channel, sums);
    else
      work->loops->sums(p, src->column_stride, rows * src->columns, channels, sums);
  }
}

void kernels_statistics(const kernels_view *src, const float *shift, double *sums, double *scratch) {
  statistics_work work = {current_loops(src->type), src, shift, scratch};
  parallel_for(block_count(src), sum_block, &work);
  add_block_sums(src, scratch, 2, sums);
}

void kernels_channel_sums(const kernels_view *src, double *sums, double *scratch) {
  statistics_work work = {current_loops(src->type), src, 0, scratch};
  parallel_for(block_count(src), sum_block, &work);
  add_block_sums(src, scratch, 1, sums);
}
