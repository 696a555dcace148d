// The program's own malloc comes before the C library's for every library it loads: dynamic linking asks the program first.
#define _GNU_SOURCE
#include "AllocationCounter.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The C library's own, under the names it exports for this purpose.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum { sources = 4 };
static _Atomic bool is_counting = false;
static _Atomic int64_t counts[sources], bytes[sources];

static allocation_source source_of(void *caller) {
  Dl_info info;
  // The program's own name has no ".so".
  if (!dladdr(caller, &info) || !info.dli_fname || !strstr(info.dli_fname, ".so")) return allocation_own;
  const char *const own[] = {"libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocksRuntime"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strstr(info.dli_fname, own[i])) return allocation_own;
  if (strstr(info.dli_fname, "libdnnl") || strstr(info.dli_fname, "libstdc++") || strstr(info.dli_fname, "libgomp"))
    return allocation_onednn;
  const char *const mpi[] = {"libmpi", "libopen-", "mca_", "libpmi", "libevent", "libucp", "libucs", "libuct", "libfabric"};
  for (size_t i = 0; i < sizeof mpi / sizeof *mpi; i++)
    if (strstr(info.dli_fname, mpi[i])) return allocation_mpi;
  return allocation_others;
}

static void note(void *caller, size_t size) {
  if (!atomic_load_explicit(&is_counting, memory_order_relaxed)) return;
  const allocation_source source = source_of(caller);
  atomic_fetch_add(&counts[source], 1);
  atomic_fetch_add(&bytes[source], (int64_t)size);
}

// A sanitizer brings a malloc of its own, and two cannot be: nothing is counted then, and nobody may ask.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER_OWNS_MALLOC 1
#endif
#endif

#ifndef SANITIZER_OWNS_MALLOC
void *malloc(size_t size) {
  note(__builtin_return_address(0), size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note(__builtin_return_address(0), count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  note(__builtin_return_address(0), size);
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  note(__builtin_return_address(0), size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note(__builtin_return_address(0), size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  note(__builtin_return_address(0), size);
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}

#endif

void allocation_counter_start(void) {
#ifdef SANITIZER_OWNS_MALLOC
  (void)note;
  fputs("allocations are not counted under a sanitizer\n", stderr);
  abort();
#endif
  for (int i = 0; i < sources; i++) {
    atomic_store(&counts[i], 0);
    atomic_store(&bytes[i], 0);
  }
  atomic_store(&is_counting, true);
}

void allocation_counter_stop(void) { atomic_store(&is_counting, false); }

int64_t allocation_count(allocation_source source) { return atomic_load(&counts[source]); }
int64_t allocation_bytes(allocation_source source) { return atomic_load(&bytes[source]); }
