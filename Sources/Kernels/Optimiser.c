// Adam, and the norm of the gradient.
#include "Loops.h"
#include "Team.h"

enum { CHUNK = 16384 };

typedef struct {
  const kernels_loops *loops;
  float *weights, *m, *v;
  const float *gradients;
  int64_t count;
  float alpha, one_minus_beta1, one_minus_beta2, epsilon;
} adam_pass;

static void adam_chunk(void *context, int64_t index) {
  const adam_pass *p = context;
  const int64_t start = index * CHUNK, rest = p->count - start;
  p->loops->adam(
      p->weights + start, p->gradients + start, p->m + start, p->v + start, rest < CHUNK ? rest : CHUNK, p->alpha, p->one_minus_beta1,
      p->one_minus_beta2, p->epsilon);
}

void kernels_adam(
    float *weights, const float *gradients, float *m, float *v, int64_t count, float alpha, float one_minus_beta1,
    float one_minus_beta2, float epsilon) {
  adam_pass p = {current_loops(), weights, m, v, gradients, count, alpha, one_minus_beta1, one_minus_beta2, epsilon};
  team_for((count + CHUNK - 1) / CHUNK, adam_chunk, &p);
}

double kernels_sum_of_squares(const float *values, int64_t count) { return current_loops()->sum_of_squares(values, count); }
