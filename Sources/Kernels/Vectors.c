// Loops over flat f32 arrays: the optimiser, the loss, the norm of the gradient.
#include "Team.h"
#include "View.h"

/// Partial sums, whatever the vector length: the order of additions is part of the result.
#define SUM_LANES 16
/// Elements of one piece of work. A multiple of SUM_LANES.
#define RANGE 16384
/// Ranges of `kernels_sum_of_squares`, at most.
#define MAXIMUM_RANGES 256

typedef struct {
  float alpha, one_minus_beta1, one_minus_beta2, epsilon;
} adam_factors;

typedef struct {
  void (*adam)(float *weights, const float *gradients, float *m, float *v, int64_t count, adam_factors k);
  double (*sum_of_squares)(const float *values, int64_t count);
  void (*average)(float *average, const float *values, int64_t count, float share);
  void (*scale)(float *values, int64_t count, float factor);
  void (*add_scaled)(float *values, const float *addend, int64_t count, float factor);
  /// diff_dst may be null.
  double (*squared_error)(const float *predicted, const float *target, int64_t count, float factor, float *diff_dst);
} loops;

#define LOOPS "VectorLoops.h"
#include "CompileLoops.h"

typedef struct {
  const loops *loops;
  float *weights, *m, *v;
  const float *gradients;
  int64_t count;
  adam_factors factors;
} adam_work;

static void adam_range(void *context, int64_t index) {
  const adam_work *work = context;
  const int64_t first = index * RANGE, count = minimum(RANGE, work->count - first);
  work->loops->adam(work->weights + first, work->gradients + first, work->m + first, work->v + first, count, work->factors);
}

void kernels_adam(
    float *weights, const float *gradients, float *m, float *v, int64_t count, float alpha, float one_minus_beta1,
    float one_minus_beta2, float epsilon) {
  adam_work work = {current_loops(), weights, m, v, gradients, count, {alpha, one_minus_beta1, one_minus_beta2, epsilon}};
  parallel_for((count + RANGE - 1) / RANGE, adam_range, &work);
}

typedef struct {
  const loops *loops;
  const float *values;
  int64_t count, range;
  double sums[MAXIMUM_RANGES];
} square_work;

static void square_range(void *context, int64_t index) {
  square_work *work = context;
  const int64_t first = index * work->range;
  work->sums[index] = work->loops->sum_of_squares(work->values + first, minimum(work->range, work->count - first));
}

/// What changes an array by a factor: by `combine` where there are two arrays, by `scale` where there is one.
typedef struct {
  void (*combine)(float *values, const float *others, int64_t count, float factor);
  void (*scale)(float *values, int64_t count, float factor);
  float *values;
  const float *others;
  int64_t count;
  float factor;
} factor_work;

static void factor_range(void *context, int64_t index) {
  const factor_work *work = context;
  const int64_t first = index * RANGE, count = minimum(RANGE, work->count - first);
  if (work->combine) work->combine(work->values + first, work->others + first, count, work->factor);
  else work->scale(work->values + first, count, work->factor);
}

void kernels_average(float *average, const float *values, int64_t count, float share) {
  factor_work work = {current_loops()->average, 0, average, values, count, share};
  parallel_for((count + RANGE - 1) / RANGE, factor_range, &work);
}

void kernels_scale(float *values, int64_t count, float factor) {
  factor_work work = {0, current_loops()->scale, values, 0, count, factor};
  parallel_for((count + RANGE - 1) / RANGE, factor_range, &work);
}

void kernels_add_scaled(float *values, const float *addend, int64_t count, float factor) {
  factor_work work = {current_loops()->add_scaled, 0, values, addend, count, factor};
  parallel_for((count + RANGE - 1) / RANGE, factor_range, &work);
}

double kernels_sum_of_squares(const float *values, int64_t count) {
  // The cut depends on the count alone: at most MAXIMUM_RANGES ranges, each a multiple of RANGE.
  const int64_t pieces = (count + RANGE - 1) / RANGE;
  const int64_t range = (pieces + MAXIMUM_RANGES - 1) / MAXIMUM_RANGES * RANGE;
  const int64_t ranges = count > 0 ? (count + range - 1) / range : 0;
  square_work work = {.loops = current_loops(), .values = values, .count = count, .range = range};
  parallel_for(ranges, square_range, &work);
  double sum = 0;
  for (int64_t i = 0; i < ranges; i++) sum += work.sums[i];
  return sum;
}

typedef struct {
  const loops *loops;
  const float *predicted, *target;
  float *diff_dst, factor;
  double *squared_errors;
  int64_t pixels;
} error_work;

static void error_image(void *context, int64_t index) {
  const error_work *work = context;
  const int64_t first = index * work->pixels;
  work->squared_errors[index] = work->loops->squared_error(
      work->predicted + first, work->target + first, work->pixels, work->factor, work->diff_dst ? work->diff_dst + first : 0);
}

static void root_error_image(void *context, int64_t index) {
  const error_work *work = context;
  const int64_t first = index * work->pixels;
  const float *predicted = work->predicted + first, *target = work->target + first;
  const double error = work->loops->squared_error(predicted, target, work->pixels, 0, 0);
  work->squared_errors[index] = error;
  if (!work->diff_dst) return;
  // NaN comes through: it is not 0.
  const float factor = error == 0 ? 0 : (float)((double)work->factor / __builtin_sqrt(error));
  work->loops->squared_error(predicted, target, work->pixels, factor, work->diff_dst + first);
}

void kernels_squared_error(
    const float *predicted, const float *target, int64_t count, int64_t pixels, float factor, double *squared_errors,
    float *diff_dst) {
  require(pixels > 0 && count % pixels == 0, __func__, "count must be a multiple of pixels");
  error_work work = {current_loops(), predicted, target, diff_dst, factor, squared_errors, pixels};
  parallel_for(count / pixels, error_image, &work);
}

void kernels_root_squared_error(
    const float *predicted, const float *target, int64_t count, int64_t pixels, float scale, double *squared_errors,
    float *diff_dst) {
  require(pixels > 0 && count % pixels == 0, __func__, "count must be a multiple of pixels");
  error_work work = {current_loops(), predicted, target, diff_dst, scale, squared_errors, pixels};
  parallel_for(count / pixels, root_error_image, &work);
}
