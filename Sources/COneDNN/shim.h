#ifndef UNMIX_CONEDNN_SHIM_H
#define UNMIX_CONEDNN_SHIM_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

// The program uses the operation descriptors of oneDNN 2; oneDNN 3 removed them.
_Static_assert(DNNL_VERSION_MAJOR == 2, "Unmix needs oneDNN 2.x (Debian libdnnl-dev 2.6)");

/// DNNL_MEMORY_NONE as a value: the macro is a cast, which Swift does not import.
static inline void *_Nullable COneDNN_memory_none(void) { return DNNL_MEMORY_NONE; }

#endif
