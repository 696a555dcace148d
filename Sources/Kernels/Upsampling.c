// The second half of a transposed convolution: every pixel's products with the nine taps, added up where they land.
#include "Team.h"
#include "View.h"

/// One row of dst from the products of one or two rows of src, [column][9 taps][channels].
typedef struct {
  const float *here;      // the row of src whose taps `tap_row` land on this row of dst
  const float *above;     // the row before it, whose last taps land here too; null where there is none
  int64_t tap_row;        // 0 on even rows of dst, 1 on odd ones
  int64_t columns, channels;
  const float *bias;
  void *dst;
  int64_t dst_stride;
} taps_row;

typedef struct {
  void (*add_row)(taps_row row);
} loops;

#define LOOPS "UpsamplingLoops.h"
#include "CompileTypedLoops.h"

typedef struct {
  const loops *loops;
  const float *products, *bias;
  const kernels_view *dst;
  int64_t image;
} taps_work;

static void add_taps_row(void *context, int64_t index) {
  const taps_work *work = context;
  const kernels_view *dst = work->dst;
  const int64_t columns = dst->columns / 2, channels = dst->channels, row = index / 2;
  const float *here = work->products + row * columns * 9 * channels;
  work->loops->add_row((taps_row){
      .here = here,
      .above = index % 2 == 0 && row > 0 ? here - columns * 9 * channels : 0,
      .tap_row = index % 2,
      .columns = columns,
      .channels = channels,
      .bias = work->bias,
      .dst = row_at(dst, work->image, index),
      .dst_stride = dst->column_stride,
  });
}

void kernels_add_taps(const float *products, const float *bias, const kernels_view *dst, int64_t image) {
  require(dst->channel_blocks == 1, __func__, "dst must hold all channels of a pixel together");
  require(dst->rows % 2 == 0 && dst->columns % 2 == 0, __func__, "dst must have even rows and columns");
  require(image >= 0 && image < dst->outer, __func__, "dst has no such image");
  taps_work work = {current_loops(dst->type), products, bias, dst, image};
  parallel_for(dst->rows, add_taps_row, &work);
}
