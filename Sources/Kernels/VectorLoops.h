// Included by Vectors.c for each instruction set.

static void NAME(adam)(float *weights, const float *gradients, float *m, float *v, int64_t count, adam_factors k) {
  INDEPENDENT for (int64_t i = 0; i < count; i++) {
    const float g = gradients[i];
    const float first = m[i] + (g - m[i]) * k.one_minus_beta1;
    const float second = v[i] + (g * g - v[i]) * k.one_minus_beta2;
    m[i] = first;
    v[i] = second;
    // The elementwise form never sets errno, so it is one instruction; correctly rounded like the division.
    weights[i] -= k.alpha * first / (__builtin_elementwise_sqrt(second) + k.epsilon);
  }
}

static void NAME(average)(float *average, const float *values, int64_t count, float share) {
  INDEPENDENT for (int64_t i = 0; i < count; i++) average[i] += (values[i] - average[i]) * share;
}

static void NAME(scale)(float *values, int64_t count, float factor) {
  INDEPENDENT for (int64_t i = 0; i < count; i++) values[i] *= factor;
}

static void NAME(add_scaled)(float *values, const float *addend, int64_t count, float factor) {
  INDEPENDENT for (int64_t i = 0; i < count; i++) values[i] += factor * addend[i];
}

/// The lanes' sum, always in the same order.
static double NAME(sum_of_lanes)(double *lanes) {
  for (int64_t half = SUM_LANES / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

static double NAME(sum_of_squares)(const float *values, int64_t count) {
  _Alignas(64) double lanes[SUM_LANES] = {0};
  int64_t first = 0;
  for (; first + SUM_LANES <= count; first += SUM_LANES)
    INDEPENDENT for (int64_t i = 0; i < SUM_LANES; i++) lanes[i] += (double)values[first + i] * (double)values[first + i];
  for (int64_t i = 0; i < count - first; i++) lanes[i] += (double)values[first + i] * (double)values[first + i];
  return NAME(sum_of_lanes)(lanes);
}

static double NAME(squared_error)(const float *predicted, const float *target, int64_t count, float factor, float *diff_dst) {
  if (diff_dst)
    INDEPENDENT for (int64_t i = 0; i < count; i++) diff_dst[i] = predicted[i] > 0 ? factor * (predicted[i] - target[i]) : 0;
  _Alignas(64) double lanes[SUM_LANES] = {0};
  int64_t first = 0;
  for (; first + SUM_LANES <= count; first += SUM_LANES)
    INDEPENDENT for (int64_t i = 0; i < SUM_LANES; i++) {
      const double error = (double)(predicted[first + i] - target[first + i]);
      lanes[i] += error * error;
    }
  for (int64_t i = 0; i < count - first; i++) {
    const double error = (double)(predicted[first + i] - target[first + i]);
    lanes[i] += error * error;
  }
  return NAME(sum_of_lanes)(lanes);
}

static const loops NAME(table) = {
    NAME(adam), NAME(sum_of_squares), NAME(average), NAME(scale), NAME(add_scaled), NAME(squared_error)};
