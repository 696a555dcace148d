// Convolutions in plain f64 loops: the oracle that the engines are compared with. Clear first; it may allocate.
//
// All four walk the pairs (pixel of the large side, tap, pixel of the small side) of
//   convolution             dst[y][x]     += src[y + ky - 1][x + kx - 1] * w[ky][kx]
//   transposed convolution  dst[2y + ky][2x + kx] += src[y][x] * w[ky][kx]
#include "Loops.h"
#include "Team.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  const kernels_loops *loops;
  int transposed;
  int64_t n, h, w, in, out;  // h, w: rows and columns of src
  const double *src, *diff_dst, *bias;
  double *dst, *diff_src;
  double *by_in;   // [tap][in][out]: weights, or their gradient
  double *by_out;  // [tap][out][in]
} oracle;

static int64_t dst_rows(const oracle *o) { return o->transposed ? 2 * o->h : o->h; }
static int64_t dst_columns(const oracle *o) { return o->transposed ? 2 * o->w : o->w; }

/// Where the pixel (y, x) of src goes by tap (ky, kx); 0 when that is outside dst.
static int place(const oracle *o, int64_t y, int64_t x, int64_t tap, int64_t *dst_y, int64_t *dst_x) {
  const int64_t ky = tap / 3, kx = tap % 3;
  *dst_y = o->transposed ? 2 * y + ky : y + 1 - ky;
  *dst_x = o->transposed ? 2 * x + kx : x + 1 - kx;
  return *dst_y >= 0 && *dst_y < dst_rows(o) && *dst_x >= 0 && *dst_x < dst_columns(o);
}

static int64_t src_at(const oracle *o, int64_t image, int64_t y, int64_t x) { return ((image * o->h + y) * o->w + x) * o->in; }
static int64_t dst_at(const oracle *o, int64_t image, int64_t y, int64_t x) {
  return ((image * dst_rows(o) + y) * dst_columns(o) + x) * o->out;
}

/// Index of (out channel, in channel, tap) in the flat layouts: OIHW, or IOHW when transposed.
static int64_t flat_index(const oracle *o, int64_t out, int64_t in, int64_t tap) {
  return o->transposed ? (in * o->out + out) * 9 + tap : (out * o->in + in) * 9 + tap;
}

static double *doubles(int64_t count) {
  double *p = calloc((size_t)(count > 0 ? count : 1), sizeof *p);
  if (!p) abort();
  return p;
}

static void forward_image(void *context, int64_t image) {
  const oracle *o = context;
  const int64_t pixels = dst_rows(o) * dst_columns(o);
  for (int64_t p = 0; p < pixels; p++) memcpy(o->dst + (image * pixels + p) * o->out, o->bias, (size_t)o->out * sizeof(double));
  for (int64_t y = 0; y < o->h; y++)
    for (int64_t x = 0; x < o->w; x++)
      for (int64_t tap = 0; tap < 9; tap++) {
        int64_t dst_y, dst_x;
        if (!place(o, y, x, tap, &dst_y, &dst_x)) continue;
        const double *src = o->src + src_at(o, image, y, x);
        double *dst = o->dst + dst_at(o, image, dst_y, dst_x);
        for (int64_t c = 0; c < o->in; c++) o->loops->add_multiple(src[c], o->by_in + (tap * o->in + c) * o->out, dst, o->out);
      }
}

static void backward_data_image(void *context, int64_t image) {
  const oracle *o = context;
  memset(o->diff_src + src_at(o, image, 0, 0), 0, (size_t)(o->h * o->w * o->in) * sizeof(double));
  for (int64_t y = 0; y < o->h; y++)
    for (int64_t x = 0; x < o->w; x++)
      for (int64_t tap = 0; tap < 9; tap++) {
        int64_t dst_y, dst_x;
        if (!place(o, y, x, tap, &dst_y, &dst_x)) continue;
        const double *diff = o->diff_dst + dst_at(o, image, dst_y, dst_x);
        double *diff_src = o->diff_src + src_at(o, image, y, x);
        for (int64_t c = 0; c < o->out; c++) o->loops->add_multiple(diff[c], o->by_out + (tap * o->out + c) * o->in, diff_src, o->in);
      }
}

static void backward_weights_tap(void *context, int64_t tap) {
  const oracle *o = context;
  for (int64_t image = 0; image < o->n; image++)
    for (int64_t y = 0; y < o->h; y++)
      for (int64_t x = 0; x < o->w; x++) {
        int64_t dst_y, dst_x;
        if (!place(o, y, x, tap, &dst_y, &dst_x)) continue;
        const double *src = o->src + src_at(o, image, y, x), *diff = o->diff_dst + dst_at(o, image, dst_y, dst_x);
        for (int64_t c = 0; c < o->in; c++) o->loops->add_multiple(src[c], diff, o->by_in + (tap * o->in + c) * o->out, o->out);
      }
}

static void forward(oracle o, const double *weights) {
  o.loops = current_loops();
  o.by_in = doubles(9 * o.in * o.out);
  for (int64_t tap = 0; tap < 9; tap++)
    for (int64_t i = 0; i < o.in; i++)
      for (int64_t k = 0; k < o.out; k++) o.by_in[(tap * o.in + i) * o.out + k] = weights[flat_index(&o, k, i, tap)];
  team_for(o.n, forward_image, &o);
  free(o.by_in);
}

static void backward(oracle o, const double *weights, double *diff_weights) {
  o.loops = current_loops();
  if (o.diff_src) {
    o.by_out = doubles(9 * o.in * o.out);
    for (int64_t tap = 0; tap < 9; tap++)
      for (int64_t k = 0; k < o.out; k++)
        for (int64_t i = 0; i < o.in; i++) o.by_out[(tap * o.out + k) * o.in + i] = weights[flat_index(&o, k, i, tap)];
    team_for(o.n, backward_data_image, &o);
    free(o.by_out);
  }
  o.by_in = doubles(9 * o.in * o.out);
  team_for(9, backward_weights_tap, &o);
  for (int64_t tap = 0; tap < 9; tap++)
    for (int64_t i = 0; i < o.in; i++)
      for (int64_t k = 0; k < o.out; k++) diff_weights[flat_index(&o, k, i, tap)] = o.by_in[(tap * o.in + i) * o.out + k];
  free(o.by_in);
}

void kernels_oracle_convolution(
    const double *src, const double *weights, const double *bias, double *dst, int64_t n, int64_t h, int64_t w, int64_t in_channels,
    int64_t out_channels) {
  forward((oracle){.n = n, .h = h, .w = w, .in = in_channels, .out = out_channels, .src = src, .bias = bias, .dst = dst}, weights);
}

void kernels_oracle_convolution_backward(
    const double *src, const double *weights, const double *diff_dst, double *diff_src, double *diff_weights, int64_t n, int64_t h,
    int64_t w, int64_t in_channels, int64_t out_channels) {
  const oracle o = {
      .n = n, .h = h, .w = w, .in = in_channels, .out = out_channels, .src = src, .diff_dst = diff_dst, .diff_src = diff_src};
  backward(o, weights, diff_weights);
}

void kernels_oracle_transposed_convolution(
    const double *src, const double *weights, const double *bias, double *dst, int64_t n, int64_t h, int64_t w, int64_t in_channels,
    int64_t out_channels) {
  const oracle o = {
      .transposed = 1, .n = n, .h = h, .w = w, .in = in_channels, .out = out_channels, .src = src, .bias = bias, .dst = dst};
  forward(o, weights);
}

void kernels_oracle_transposed_convolution_backward(
    const double *src, const double *weights, const double *diff_dst, double *diff_src, double *diff_weights, int64_t n, int64_t h,
    int64_t w, int64_t in_channels, int64_t out_channels) {
  const oracle o = {
      .transposed = 1,
      .n = n,
      .h = h,
      .w = w,
      .in = in_channels,
      .out = out_channels,
      .src = src,
      .diff_dst = diff_dst,
      .diff_src = diff_src};
  backward(o, weights, diff_weights);
}
