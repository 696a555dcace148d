// The loops for any x86-64 (SSE2).
#include "Loops.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LOOPS_NAME(name) name##_baseline
#include "Loops.inc"
