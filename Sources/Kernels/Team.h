// The process-wide team of threads.
#ifndef UNMIX_TEAM_H
#define UNMIX_TEAM_H

#include <stdint.h>

/// Calls `body(context, i)` for every i in 0 ..< count, each exactly once, on the team's threads; returns when all are done.
///
/// A thread takes one contiguous range. What `body` computes for `i` must not depend on which thread runs it.
void parallel_for(int64_t count, void (*body)(void *context, int64_t i), void *context);

#endif
