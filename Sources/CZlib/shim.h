#ifndef UNMIX_CZLIB_SHIM_H
#define UNMIX_CZLIB_SHIM_H

#include <zlib.h>

/* gzread takes an unsigned count and answers with an int; the Swift layer narrows its counts to these. */
_Static_assert(sizeof(unsigned) == 4 && sizeof(int) == 4, "gzread counts are 32-bit");
_Static_assert(ZLIB_VERNUM >= 0x1240, "gzbuffer and gzclose_r need zlib 1.2.4");

#endif
