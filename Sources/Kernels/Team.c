#include "Team.h"

#include <stdatomic.h>

#include "Kernels.h"

// The entry point behind GCC's `#pragma omp parallel`: clang without an OpenMP runtime of its own can still join the
// team that oneDNN's threads come from, so both never compete for the cores.
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);
extern void omp_set_num_threads(int threads);

// libgomp is not built for the thread sanitizer, which has to be told of the order that its team's start and end make: all
// that was written before `released(work)` is seen after `acquired(work)`.
#ifdef __SANITIZE_THREAD__
#define TEAM_IS_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEAM_IS_CHECKED 1
#endif
#endif
#ifdef TEAM_IS_CHECKED
extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);
static void acquired(void *work) { __tsan_acquire(work); }
static void released(void *work) { __tsan_release(work); }
#else
static void acquired(void *work) { (void)work; }
static void released(void *work) { (void)work; }
#endif

static _Atomic int team_threads = 1;

void kernels_set_threads(int threads) {
  if (threads < 1) threads = 1;
  atomic_store(&team_threads, threads);
  // oneDNN, whose threads are libgomp's too, shall ask for as many: libgomp ends and starts threads whenever the size of the team changes.
  omp_set_num_threads(threads);
}

typedef struct {
  int64_t count;
  void (*body)(void *, int64_t);
  void *context;
} team_work;

static void run_share(void *data) {
  acquired(data);
  const team_work *work = data;
  // The runtime may grant fewer threads than were asked for.
  const int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
  const int64_t end = work->count * (thread + 1) / threads;
  for (int64_t i = work->count * thread / threads; i < end; i++) work->body(work->context, i);
  released(data);
}

void parallel_for(int64_t count, void (*body)(void *, int64_t), void *context) {
  // All threads, whatever there is to do: those without a share return at once, where a smaller team would end them and the next larger
  // one start them again.
  const int64_t threads = count > 1 ? atomic_load(&team_threads) : 1;
  if (threads <= 1) {
    for (int64_t i = 0; i < count; i++) body(context, i);
    return;
  }
  team_work work = {count, body, context};
  released(&work);
  GOMP_parallel(run_share, &work, (unsigned)threads, 0);
  acquired(&work);
}
