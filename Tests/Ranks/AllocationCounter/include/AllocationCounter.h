// Counts the calls of malloc and its kin in a process that links this, by the library they come from.
#ifndef UNMIX_ALLOCATION_COUNTER_H
#define UNMIX_ALLOCATION_COUNTER_H

#include <stdint.h>

/// Whose code called.
typedef enum __attribute__((enum_extensibility(closed))) {
  /// The program itself and the Swift runtime, which allocates for it.
  allocation_own = 0,
  /// oneDNN, and the C++ runtime that allocates for it.
  allocation_onednn = 1,
  /// The MPI library with what it loads.
  allocation_mpi = 2,
  allocation_others = 3,
} allocation_source;

/// Starts to count, from 0.
void allocation_counter_start(void);
/// Stops counting.
void allocation_counter_stop(void);
/// Calls that were counted.
int64_t allocation_count(allocation_source source);
/// Bytes that they asked for.
int64_t allocation_bytes(allocation_source source);

#endif
