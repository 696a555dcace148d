// The process-wide team of threads: libgomp's own, which oneDNN uses too, so that two pools never compete for the same cores.
#ifndef UNMIX_TEAM_H
#define UNMIX_TEAM_H

#include <stdint.h>

/// Calls body(context, index) for every index below count, in parallel. Bodies must write to places of their own.
void team_for(int64_t count, void (*body)(void *context, int64_t index), void *context);

#endif
