// The inner loops: one row of pixels each, for one instruction set. The public functions cut activations into rows.
//
// A row is `columns` pixels, `stride` elements apart, of `channels` contiguous channels.
#ifndef UNMIX_LOOPS_H
#define UNMIX_LOOPS_H

#include "Kernels.h"

/// Loops over activations of one element type.
typedef struct {
  /// s1[c] += x - shift[c]; s2[c] += (x - shift[c])^2
  void (*statistics)(const void *src, int64_t stride, int64_t columns, int64_t channels, const float *shift, float *s1, float *s2);
  /// s1[c] += x
  void (*sums)(const void *src, int64_t stride, int64_t columns, int64_t channels, float *s1);
  void (*normalise_relu)(
      const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t columns, int64_t channels, const float *mean,
      const float *scale, const float *beta);
  /// s1[c] += g; s2[c] += g * xhat
  void (*normalise_backward_sums)(
      const void *src, int64_t src_stride, const void *diff_dst, int64_t diff_stride, int64_t columns, int64_t channels,
      const float *mean, const float *inverse_deviation, const float *scale, const float *beta, float *s1, float *s2);
  void (*normalise_backward)(
      const void *src, int64_t src_stride, const void *diff_dst, int64_t diff_stride, void *diff_src, int64_t dst_stride, int64_t columns,
      int64_t channels, const float *mean, const float *inverse_deviation, const float *scale, const float *beta, const float *mean_g,
      const float *mean_g_xhat);
  /// One row of dst from two rows of src; `columns` counts pixels of dst.
  void (*max_pool)(
      const void *upper, const void *lower, int64_t src_stride, void *dst, int64_t dst_stride, int64_t columns, int64_t channels);
  /// Two rows of diff_src; skip rows may be null.
  void (*max_pool_backward)(
      const void *upper, const void *lower, int64_t src_stride, const void *diff_dst, int64_t diff_stride, const void *skip_upper,
      const void *skip_lower, int64_t skip_stride, void *dst_upper, void *dst_lower, int64_t dst_stride, int64_t columns,
      int64_t channels);
  void (*to_f32)(const void *src, int64_t src_stride, float *dst, int64_t dst_stride, int64_t columns, int64_t channels);
  void (*to_bf16)(const void *src, int64_t src_stride, uint16_t *dst, int64_t dst_stride, int64_t columns, int64_t channels);
  /// dst0, dst1: one value a pixel.
  void (*heads)(
      const void *src, int64_t stride, int64_t columns, int64_t channels, const float *weights, const float *bias, float *dst0,
      float *dst1);
  /// sums: [2][channels] of the weights' gradient, then the 2 biases'.
  void (*heads_backward)(
      const void *src, int64_t stride, int64_t columns, int64_t channels, const float *diff0, const float *diff1, const float *weights,
      void *diff_src, int64_t dst_stride, float *sums);
} typed_loops;

/// Every loop of one instruction set.
typedef struct {
  typed_loops typed[2];  // by kernels_type
  double (*squared_error)(const float *predicted, const float *target, int64_t count, float factor, float *diff_dst);
  void (*adam)(
      float *weights, const float *gradients, float *m, float *v, int64_t count, float alpha, float one_minus_beta1, float one_minus_beta2,
      float epsilon);
  double (*sum_of_squares)(const float *values, int64_t count);
  /// y[i] += a * x[i]
  void (*add_multiple)(double a, const double *x, double *y, int64_t count);
} kernels_loops;

extern const kernels_loops loops_baseline, loops_avx512;

/// The loops of the instruction set in use.
const kernels_loops *current_loops(void);

#endif
