// Included by Copy.c for each element type of src and each instruction set.

static void NAME(to_f32)(const void *src, float *dst, int64_t count) {
  const ELEMENT *p = src;
  INDEPENDENT for (int64_t i = 0; i < count; i++) dst[i] = LOAD(p + i);
}

static void NAME(to_bf16)(const void *src, uint16_t *dst, int64_t count) {
  const ELEMENT *p = src;
  INDEPENDENT for (int64_t i = 0; i < count; i++) store_bf16(dst + i, LOAD(p + i));
}

static const loops NAME(table) = {NAME(to_f32), NAME(to_bf16)};
