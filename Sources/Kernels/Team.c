#include "Team.h"

#include "Kernels.h"

// libgomp's entry point behind `#pragma omp parallel`; clang's Swift toolchain ships no OpenMP of its own.
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);

static int team_threads = 1;

void kernels_set_threads(int threads) { team_threads = threads < 1 ? 1 : threads; }

typedef struct {
  int64_t count;
  void (*body)(void *, int64_t);
  void *context;
} team_job;

static void run_share(void *data) {
  const team_job *job = data;
  const int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
  const int64_t end = job->count * (thread + 1) / threads;
  for (int64_t i = job->count * thread / threads; i < end; i++) job->body(job->context, i);
}

void team_for(int64_t count, void (*body)(void *, int64_t), void *context) {
  const int64_t threads = count < team_threads ? count : team_threads;
  if (threads > 1) {
    team_job job = {count, body, context};
    GOMP_parallel(run_share, &job, (unsigned)threads, 0);
  } else {
    for (int64_t i = 0; i < count; i++) body(context, i);
  }
}
