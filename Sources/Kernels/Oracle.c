// Plain convolutions of f64 numbers. Every pass is a sum, over the nine taps, of products of small matrices.
#include "Team.h"
#include "View.h"

/// y[row][i] += sum over t of a[row][t] * x[t][i]; strides in elements, x and y contiguous in i.
typedef struct {
  int64_t rows, terms, count;
  const double *a;
  int64_t a_row, a_term;
  const double *x;
  int64_t x_term;
  double *y;
  int64_t y_row;
} matrix_product;

typedef struct {
  /// With sums in f64, and in f32.
  void (*multiply_add[2])(matrix_product product);
} loops;

#define LOOPS "OracleLoops.h"
#include "CompileLoops.h"

/// Coarse channels of one piece of a weight gradient.
#define CHANNEL_PIECE 16

/// One pass. `fine` is the output side of a transposed convolution and either side of an ordinary one, `coarse` the other:
/// pixel (y, x) of coarse meets pixel (stride * y + ky - shift, stride * x + kx - shift) of fine through tap (ky, kx).
typedef struct {
  void (*multiply_add)(matrix_product product);
  const double *coarse, *fine;
  double *result;          // of the pass: pixels of one side, or weights [tap][coarse channels][fine channels]
  const double *weights;   // [tap][channels of the side read][channels of the side written]
  const double *bias;      // of the side written, or null
  int64_t n, stride, shift;
  int64_t coarse_h, coarse_w, coarse_channels, fine_h, fine_w, fine_channels;
} pass;

/// Columns [first, end) of coarse that meet a column of fine through tap column kx.
typedef struct {
  int64_t first, end, fine;  // `fine`: the column of fine that meets `first`
} span;

static span columns_of_tap(const pass *p, int64_t kx) {
  int64_t first = 0, end = p->coarse_w;
  while (first < end && p->stride * first + kx - p->shift < 0) first++;
  while (end > first && p->stride * (end - 1) + kx - p->shift >= p->fine_w) end--;
  return (span){first, end, p->stride * first + kx - p->shift};
}

static void start_row(double *row, int64_t pixels, int64_t channels, const double *bias) {
  for (int64_t x = 0; x < pixels; x++)
    for (int64_t c = 0; c < channels; c++) row[x * channels + c] = bias ? bias[c] : 0;
}

/// One row of coarse from the rows of fine that meet it: an ordinary convolution, or back through a transposed one.
static void gather_row(void *context, int64_t index) {
  const pass *p = context;
  const int64_t image = index / p->coarse_h, y = index % p->coarse_h, in = p->fine_channels, out = p->coarse_channels;
  double *result = p->result + index * p->coarse_w * out;
  start_row(result, p->coarse_w, out, p->bias);
  for (int64_t tap = 0; tap < 9; tap++) {
    const int64_t fine_y = p->stride * y + tap / 3 - p->shift;
    if (fine_y < 0 || fine_y >= p->fine_h) continue;
    const span s = columns_of_tap(p, tap % 3);
    p->multiply_add((matrix_product){
        .rows = s.end - s.first, .terms = in, .count = out,
        .a = p->fine + ((image * p->fine_h + fine_y) * p->fine_w + s.fine) * in, .a_row = p->stride * in, .a_term = 1,
        .x = p->weights + tap * in * out, .x_term = out,
        .y = result + s.first * out, .y_row = out});
  }
}

/// One row of fine from the rows of coarse that meet it: a transposed convolution, or back through an ordinary one.
static void spread_row(void *context, int64_t index) {
  const pass *p = context;
  const int64_t image = index / p->fine_h, fine_y = index % p->fine_h, in = p->coarse_channels, out = p->fine_channels;
  double *result = p->result + index * p->fine_w * out;
  start_row(result, p->fine_w, out, p->bias);
  for (int64_t tap = 0; tap < 9; tap++) {
    const int64_t scaled = fine_y - tap / 3 + p->shift, y = scaled / p->stride;
    if (scaled < 0 || scaled % p->stride != 0 || y >= p->coarse_h) continue;
    const span s = columns_of_tap(p, tap % 3);
    p->multiply_add((matrix_product){
        .rows = s.end - s.first, .terms = in, .count = out,
        .a = p->coarse + ((image * p->coarse_h + y) * p->coarse_w + s.first) * in, .a_row = in, .a_term = 1,
        .x = p->weights + tap * in * out, .x_term = out,
        .y = result + s.fine * out, .y_row = p->stride * out});
  }
}

static int64_t channel_pieces(int64_t channels) { return (channels + CHANNEL_PIECE - 1) / CHANNEL_PIECE; }

/// Some coarse channels of one tap of the weight gradient, [tap][coarse channels][fine channels].
static void weights_piece(void *context, int64_t index) {
  const pass *p = context;
  const int64_t pieces = channel_pieces(p->coarse_channels), tap = index / pieces, channel = index % pieces * CHANNEL_PIECE;
  const int64_t channels = minimum(CHANNEL_PIECE, p->coarse_channels - channel);
  double *result = p->result + (tap * p->coarse_channels + channel) * p->fine_channels;
  start_row(result, channels, p->fine_channels, 0);
  const span s = columns_of_tap(p, tap % 3);
  for (int64_t image = 0; image < p->n; image++)
    for (int64_t y = 0; y < p->coarse_h; y++) {
      const int64_t fine_y = p->stride * y + tap / 3 - p->shift;
      if (fine_y < 0 || fine_y >= p->fine_h) continue;
      p->multiply_add((matrix_product){
          .rows = channels, .terms = s.end - s.first, .count = p->fine_channels,
          .a = p->coarse + ((image * p->coarse_h + y) * p->coarse_w + s.first) * p->coarse_channels + channel,
          .a_row = 1, .a_term = p->coarse_channels,
          .x = p->fine + ((image * p->fine_h + fine_y) * p->fine_w + s.fine) * p->fine_channels,
          .x_term = p->stride * p->fine_channels,
          .y = result, .y_row = p->fine_channels});
    }
}

static double *taps_buffer(int64_t outer, int64_t inner) {
  double *buffer = malloc((size_t)(9 * outer * inner) * sizeof(double) + 1);
  require(buffer != 0, __func__, "out of memory");
  return buffer;
}

/// dst[tap][b][a] = src[a][b][tap], or dst[tap][a][b] = src[a][b][tap].
static double *taps_first(const double *src, int64_t a_count, int64_t b_count, bool swap) {
  double *dst = taps_buffer(a_count, b_count);
  for (int64_t a = 0; a < a_count; a++)
    for (int64_t b = 0; b < b_count; b++)
      for (int64_t tap = 0; tap < 9; tap++)
        dst[tap * a_count * b_count + (swap ? b * a_count + a : a * b_count + b)] = src[(a * b_count + b) * 9 + tap];
  return dst;
}

/// dst[a][b][tap] = src[tap][a][b]
static void taps_last(const double *src, int64_t a_count, int64_t b_count, double *dst) {
  for (int64_t a = 0; a < a_count; a++)
    for (int64_t b = 0; b < b_count; b++)
      for (int64_t tap = 0; tap < 9; tap++) dst[(a * b_count + b) * 9 + tap] = src[(tap * a_count + a) * b_count + b];
}

/// An ordinary convolution gathers: its dst is the coarse side, at stride 1.
static pass convolution_pass(int64_t n, int64_t h, int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums) {
  return (pass){.multiply_add = current_loops()->multiply_add[f32_sums], .n = n, .stride = 1, .shift = 1, .coarse_h = h, .coarse_w = w,
                .coarse_channels = out_channels, .fine_h = h, .fine_w = w, .fine_channels = in_channels};
}

/// A transposed convolution spreads: its src is the coarse side; row and column 2n, beyond the edge, are dropped.
static pass transposed_pass(int64_t n, int64_t h, int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums) {
  return (pass){.multiply_add = current_loops()->multiply_add[f32_sums], .n = n, .stride = 2, .shift = 0, .coarse_h = h, .coarse_w = w,
                .coarse_channels = in_channels, .fine_h = 2 * h, .fine_w = 2 * w, .fine_channels = out_channels};
}

/// Pixels of the coarse side into p->result. `weights` are [coarse][fine][3][3], as in both public layouts.
static void gather(pass p, const double *weights, const double *bias, const double *fine, double *coarse) {
  double *by_tap = taps_first(weights, p.coarse_channels, p.fine_channels, true);
  p.fine = fine;
  p.result = coarse;
  p.weights = by_tap;
  p.bias = bias;
  parallel_for(p.n * p.coarse_h, gather_row, &p);
  free(by_tap);
}

static void spread(pass p, const double *weights, const double *bias, const double *coarse, double *fine) {
  double *by_tap = taps_first(weights, p.coarse_channels, p.fine_channels, false);
  p.coarse = coarse;
  p.result = fine;
  p.weights = by_tap;
  p.bias = bias;
  parallel_for(p.n * p.fine_h, spread_row, &p);
  free(by_tap);
}

static void weight_gradient(pass p, const double *coarse, const double *fine, double *diff_weights) {
  double *by_tap = taps_buffer(p.coarse_channels, p.fine_channels);
  p.coarse = coarse;
  p.fine = fine;
  p.result = by_tap;
  parallel_for(9 * channel_pieces(p.coarse_channels), weights_piece, &p);
  taps_last(by_tap, p.coarse_channels, p.fine_channels, diff_weights);
  free(by_tap);
}

void kernels_oracle_convolution(
    const double *src, const double *weights, const double *bias, double *dst, int64_t n, int64_t h, int64_t w, int64_t in_channels,
    int64_t out_channels, bool f32_sums) {
  gather(convolution_pass(n, h, w, in_channels, out_channels, f32_sums), weights, bias, src, dst);
}

void kernels_oracle_convolution_backward(
    const double *src, const double *weights, const double *diff_dst, double *diff_src, double *diff_weights, int64_t n, int64_t h,
    int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums) {
  const pass p = convolution_pass(n, h, w, in_channels, out_channels, f32_sums);
  if (diff_src) spread(p, weights, 0, diff_dst, diff_src);
  weight_gradient(p, diff_dst, src, diff_weights);
}

void kernels_oracle_transposed_convolution(
    const double *src, const double *weights, const double *bias, double *dst, int64_t n, int64_t h, int64_t w, int64_t in_channels,
    int64_t out_channels, bool f32_sums) {
  spread(transposed_pass(n, h, w, in_channels, out_channels, f32_sums), weights, bias, src, dst);
}

void kernels_oracle_transposed_convolution_backward(
    const double *src, const double *weights, const double *diff_dst, double *diff_src, double *diff_weights, int64_t n, int64_t h,
    int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums) {
  const pass p = transposed_pass(n, h, w, in_channels, out_channels, f32_sums);
  gather(p, weights, 0, diff_dst, diff_src);
  weight_gradient(p, src, diff_dst, diff_weights);
}
