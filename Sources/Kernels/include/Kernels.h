// The inner loops that no library offers. One signature each; the first call picks the instruction set.
//
// Names: N images, H rows, W columns, C channels (of all blocks). xhat = (z - mean) * inverseDeviation.
// All functions are synchronous and deterministic: the number of threads and the instruction set change no bit of a result
// (except which NaN a NaN is). Only the oracle's allocate memory. An empty batch (outer = 0) is allowed: its sums are zero.
// What a call writes overlaps nothing that it reads, where nothing else is said.
// The views of one call have one shape, block structure and element type where nothing else is said; a call that breaks its
// contract prints a line and aborts.
// Any thread may call, several at once too, where none writes what another uses: each has a team of threads of its own.
#ifndef UNMIX_KERNELS_H
#define UNMIX_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

/// Element type of an activation in memory.
typedef enum { kernels_f32 = 0, kernels_bf16 = 1 } kernels_type;

/// An activation, or a channel slice of one, described once.
///
/// Element (o, y, x, c) of plane `o` lies at data[o * outer_stride + y * row_stride + x * column_stride + c].
/// NHWC: outer = N, channel_blocks = 1, column_stride = channels of the whole buffer.
/// Blocked: outer = N * channel_blocks, and plane `o` holds channels [(o % channel_blocks) * channels, + channels).
/// A halo is expressed by the strides: `data` points at the first pixel inside it.
typedef struct {
  void *_Nullable data;
  kernels_type type;
  int64_t outer, rows, columns, channels, channel_blocks;
  int64_t outer_stride, row_stride, column_stride;
} kernels_view;

/// Instruction set of the loops in use, each with all before it.
typedef enum { kernels_baseline = 0, kernels_avx2 = 1, kernels_avx512 = 2 } kernels_isa;

/// The best instruction set this processor offers (AVX2 with FMA; an AVX-512 build needs F, BW, DQ, VL too).
kernels_isa kernels_detected_isa(void);
/// The set in use; `kernels_detected_isa()` until `kernels_use_isa` says otherwise.
kernels_isa kernels_current_isa(void);
/// Caps the instruction set of the process, for mixed machines. Returns 0, or -1 when this processor lacks it.
int kernels_use_isa(kernels_isa isa);
/// The same for the calls of this thread alone, whatever the process uses: for tests, which share one.
int kernels_use_isa_here(kernels_isa isa);
/// Threads of a team, in the whole process; 1 until set. Teams are libgomp's, which oneDNN takes its threads from too: its setting, OpenMP's,
/// follows on the calling thread alone.
void kernels_set_threads(int threads);

/// Doubles that `kernels_statistics`, `kernels_normalise_backward_sums`, `kernels_channel_sums` need as scratch for a view.
int64_t kernels_sums_scratch_count(const kernels_view *_Nonnull src);

/// sums[0..<C] = sum(z - shift), sums[C..<2C] = sum((z - shift)^2), overwritten.
void kernels_statistics(const kernels_view *_Nonnull src, const float *_Nonnull shift, double *_Nonnull sums, double *_Nonnull scratch);

/// sums[0..<C] = sum of src, overwritten: the gradient of a bias.
void kernels_channel_sums(const kernels_view *_Nonnull src, double *_Nonnull sums, double *_Nonnull scratch);

/// dst = max(0, (src - mean) * scale + beta), scale = gamma * inverseDeviation, NaN stays NaN. dst may be a channel slice of a wider buffer.
void kernels_normalise_relu(
    const kernels_view *_Nonnull src, const kernels_view *_Nonnull dst, const float *_Nonnull mean, const float *_Nonnull scale,
    const float *_Nonnull beta);

/// With g = diff_dst where (src - mean) * scale + beta > 0, else 0:
/// sums[0..<C] = sum(g), sums[C..<2C] = sum(g * xhat), overwritten.
void kernels_normalise_backward_sums(
    const kernels_view *_Nonnull src, const kernels_view *_Nonnull diff_dst, const float *_Nonnull mean,
    const float *_Nonnull inverse_deviation, const float *_Nonnull scale, const float *_Nonnull beta, double *_Nonnull sums,
    double *_Nonnull scratch);

/// diff_src = scale * (g - mean_g - xhat * mean_g_xhat), g as above. diff_src may be diff_dst itself (same layout).
void kernels_normalise_backward(
    const kernels_view *_Nonnull src, const kernels_view *_Nonnull diff_dst, const kernels_view *_Nonnull diff_src,
    const float *_Nonnull mean, const float *_Nonnull inverse_deviation, const float *_Nonnull scale, const float *_Nonnull beta,
    const float *_Nonnull mean_g, const float *_Nonnull mean_g_xhat);

/// 2x2 maximum, stride 2. src has even rows and columns; dst has half of each. A NaN comes through as first pixel of its window only.
void kernels_max_pool(const kernels_view *_Nonnull src, const kernels_view *_Nonnull dst);

/// diff_src = diff_skip (when given) + diff_dst sent to the first maximum in row order of its 2x2 window of src.
void kernels_max_pool_backward(
    const kernels_view *_Nonnull src, const kernels_view *_Nonnull diff_dst, const kernels_view *_Nullable diff_skip,
    const kernels_view *_Nonnull diff_src);

/// The second half of a transposed convolution, kernel 3, stride 2, "same": one image of dst (rows 2h, columns 2w) from
/// products[h][w][9 taps][C] of one image of src: dst[2y + ky][2x + kx] = bias + sum of products[y][x][3 ky + kx]; what lands
/// on row 2h or column 2w is dropped. dst may be a channel slice of a wider buffer; channel_blocks = 1.
void kernels_add_taps(
    const float *_Nonnull products, const float *_Nonnull bias, const kernels_view *_Nonnull dst, int64_t image);

/// Whether the processor and the shapes allow the functions below: AVX2 at least, rows and columns multiples of 4, both numbers of
/// channels multiples of 16.
bool kernels_winograd_fits(int64_t rows, int64_t columns, int64_t src_channels, int64_t dst_channels);
/// Floats of the packed weights of one direction.
int64_t kernels_winograd_weights_count(int64_t src_channels, int64_t dst_channels);
/// Floats of scratch that a convolution needs, and with `backward` its gradient of the weights too.
int64_t kernels_winograd_scratch_count(int64_t src_channels, int64_t dst_channels, bool backward);
/// The weights [dst channels][src channels][3][3] at Winograd's points, for the forward pass, or `backward`, with src and dst in each
/// other's place and the taps turned round, for the gradient of src. To be used with the instruction set that was in use here.
void kernels_winograd_pack(
    const float *_Nonnull weights, int64_t src_channels, int64_t dst_channels, bool backward, float *_Nonnull packed);
/// dst = 3x3 convolution of src with "same" padding, plus bias where there is one. All f32, channel_blocks = 1; both may be channel
/// slices of wider buffers, and must not overlap. With weights packed `backward`, src is the gradient of a convolution's dst and dst that of its src.
void kernels_winograd_convolution(
    const kernels_view *_Nonnull src, const float *_Nonnull packed, const float *_Nullable bias, const kernels_view *_Nonnull dst,
    float *_Nonnull scratch);
/// diff_weights [dst channels][src channels][3][3] of that convolution, overwritten.
void kernels_winograd_backward_weights(
    const kernels_view *_Nonnull src, const kernels_view *_Nonnull diff_dst, float *_Nonnull diff_weights, float *_Nonnull scratch);

/// dst = src, converting f32 <-> bf16 (round to nearest even, NaN stays NaN) where the types differ. The strides may differ.
void kernels_copy(const kernels_view *_Nonnull src, const kernels_view *_Nonnull dst);

/// Two 1x1 convolutions with bias and ReLU: dst[h][pixel] = max(0, sum_c src[pixel][c] * weights[h][c] + bias[h]).
/// weights [2][C], bias [2], dst f32 [2][N*H*W] (head-major), NaN stays NaN.
void kernels_heads(const kernels_view *_Nonnull src, const float *_Nonnull weights, const float *_Nonnull bias, float *_Nonnull dst);

/// Squared error of one head and its gradient through the head's ReLU.
/// predicted, target, diff_dst f32 [count]; squared_errors [count / pixels] in f64, one sum for each image of `pixels` pixels;
/// diff_dst = predicted > 0 ? factor * (predicted - target) : 0. diff_dst may be null (evaluation).
void kernels_squared_error(
    const float *_Nonnull predicted, const float *_Nonnull target, int64_t count, int64_t pixels, float factor,
    double *_Nonnull squared_errors, float *_Nullable diff_dst);

/// The same for the root of each image's mean squared error: squared_errors as above, and with e of an image
/// diff_dst = predicted > 0 ? scale / sqrt(e) * (predicted - target) : 0; 0 where e is 0.
void kernels_root_squared_error(
    const float *_Nonnull predicted, const float *_Nonnull target, int64_t count, int64_t pixels, float scale,
    double *_Nonnull squared_errors, float *_Nullable diff_dst);

/// Backward of `kernels_heads`: diff_src = sum_h diff_dst[h] * weights[h]; diff_weights [2][C] and diff_bias [2] in f64, overwritten.
/// scratch: kernels_sums_scratch_count(src) doubles.
void kernels_heads_backward(
    const kernels_view *_Nonnull src, const float *_Nonnull diff_dst, const float *_Nonnull weights,
    const kernels_view *_Nonnull diff_src, double *_Nonnull diff_weights, double *_Nonnull diff_bias, double *_Nonnull scratch);

/// Keras's Adam, in place, one pass: m += (g - m) * (1 - beta1); v += (g * g - v) * (1 - beta2); w -= alpha * m / (sqrt(v) + epsilon).
/// `alpha` holds learning rate and bias correction. Bit-identical at every instruction set (no contraction, no estimates).
void kernels_adam(
    float *_Nonnull weights, const float *_Nonnull gradients, float *_Nonnull m, float *_Nonnull v, int64_t count, float alpha,
    float one_minus_beta1, float one_minus_beta2, float epsilon);

/// A moving average, in place: average += (values - average) * share. Bit-identical at every instruction set.
void kernels_average(float *_Nonnull average, const float *_Nonnull values, int64_t count, float share);

/// In place: values *= factor. Bit-identical at every instruction set.
void kernels_scale(float *_Nonnull values, int64_t count, float factor);

/// In place: values += factor * addend, without contraction. Bit-identical at every instruction set.
void kernels_add_scaled(float *_Nonnull values, const float *_Nonnull addend, int64_t count, float factor);

/// Sum of squares in f64; NaN or infinity in `values` comes through.
double kernels_sum_of_squares(const float *_Nonnull values, int64_t count);

/// Name of the widest vector instruction for products of `type` in the set in use; null in the baseline, and for bf16 without its
/// products. AMX multiplies tiles, faster than any of them: for the caller to know.
const char *_Nullable kernels_peak_instruction(kernels_type type);
/// Runs that instruction from registers on `threads` threads of the team, at most so many, and returns the floating point operations
/// done, 0 where there is none. A repetition is some 10 to 20 microseconds.
enum { kernels_peak_maximum_threads = 1024 };
int64_t kernels_peak_loop(kernels_type type, int64_t repetitions, int64_t threads);

/// Plain loops of a 3x3 "same" convolution of f64 numbers, NHWC, the oracle's engine. weights OIHW [O][I][3][3], bias [O].
/// Sums are f64; with f32_sums every addition rounds to f32, in the order of taps, then channels (for weights: of images, rows, columns).
/// Any rows and columns; work is split over the team's threads.
void kernels_oracle_convolution(
    const double *_Nonnull src, const double *_Nonnull weights, const double *_Nonnull bias, double *_Nonnull dst, int64_t n, int64_t h,
    int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums);
/// Gradients of the above: diff_src may be null (first layer); diff_weights OIHW, overwritten.
void kernels_oracle_convolution_backward(
    const double *_Nonnull src, const double *_Nonnull weights, const double *_Nonnull diff_dst, double *_Nullable diff_src,
    double *_Nonnull diff_weights, int64_t n, int64_t h, int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums);
/// Keras's transposed convolution, stride 2, "same": dst[2i + k] += src[i] * w[k], k = 0, 1, 2, index 2n dropped. weights IOHW [I][O][3][3]; dst is [n][2h][2w][O].
void kernels_oracle_transposed_convolution(
    const double *_Nonnull src, const double *_Nonnull weights, const double *_Nonnull bias, double *_Nonnull dst, int64_t n, int64_t h,
    int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums);
/// Gradients of the above; diff_weights IOHW, overwritten.
void kernels_oracle_transposed_convolution_backward(
    const double *_Nonnull src, const double *_Nonnull weights, const double *_Nonnull diff_dst, double *_Nonnull diff_src,
    double *_Nonnull diff_weights, int64_t n, int64_t h, int64_t w, int64_t in_channels, int64_t out_channels, bool f32_sums);

#endif
