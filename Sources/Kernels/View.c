#include "View.h"

int64_t kernels_sums_scratch_count(const kernels_view *src) { return block_count(src) * 2 * src->channels; }

void add_block_sums(const kernels_view *view, const double *scratch, int64_t row_count, double *sums) {
  const int64_t all = total_channels(view), channels = view->channels, blocks = block_count(view);
  for (int64_t i = 0; i < row_count * all; i++) sums[i] = 0;
  for (int64_t b = 0; b < blocks; b++) {
    double *first = sums + block_at(view, b).channel;
    for (int64_t r = 0; r < row_count; r++)
      for (int64_t c = 0; c < channels; c++) first[r * all + c] += scratch[(b * row_count + r) * channels + c];
  }
}
