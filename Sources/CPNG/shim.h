#ifndef UNMIX_CPNG_SHIM_H
#define UNMIX_CPNG_SHIM_H

#include <png.h>
#include <stdint.h>
#include <string.h>

/* libpng's simplified API behind four functions: a png_image lives for one call only and is always freed.
   Each function answers 1 for success and 0 for failure, with libpng's text in `message`. */

enum { CPNG_MESSAGE_SIZE = 64 };
_Static_assert(sizeof(((png_image *)0)->message) <= CPNG_MESSAGE_SIZE, "libpng's message fits");
_Static_assert(sizeof(png_uint_32) == 4, "sides are 32-bit");

static inline int CPNG_finish(png_image *_Nonnull image, int ok, char *_Nonnull message) {
  if (!ok) {
    memcpy(message, image->message, sizeof image->message);
    message[CPNG_MESSAGE_SIZE - 1] = 0;
  }
  png_image_free(image);
  return ok;
}

/* The sides of the picture in `bytes`, without decoding it. */
static inline int CPNG_read_size(const void *_Nonnull bytes, size_t byte_count, uint32_t *_Nonnull width,
                                 uint32_t *_Nonnull height, char *_Nonnull message) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  int ok = png_image_begin_read_from_memory(&image, bytes, byte_count) != 0;
  *width = image.width;
  *height = image.height;
  return CPNG_finish(&image, ok, message);
}

/* Decodes into width*height bytes of 8-bit grey. Transparency is laid on black; 16-bit samples are taken as
   sRGB like 8-bit ones, so that v*257 reads as v. */
static inline int CPNG_read_grey(const void *_Nonnull bytes, size_t byte_count, uint32_t width, uint32_t height,
                                 uint8_t *_Nonnull pixels, char *_Nonnull message) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  int ok = png_image_begin_read_from_memory(&image, bytes, byte_count) != 0;
  if (ok && (image.width != width || image.height != height)) {
    strcpy(image.message, "sides changed between two readings");
    ok = 0;
  }
  if (ok) {
    const png_color black = {0, 0, 0};
    image.format = PNG_FORMAT_GRAY;
    image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    ok = png_image_finish_read(&image, &black, pixels, (png_int_32)width, NULL) != 0;
    ok = ok && !PNG_IMAGE_FAILED(image);
  }
  return CPNG_finish(&image, ok, message);
}

static inline png_image CPNG_grey_image(uint32_t width, uint32_t height) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_GRAY;
  return image;
}

/* An upper bound of the encoded size, in bytes. */
static inline size_t CPNG_maximum_size(uint32_t width, uint32_t height) {
  png_image image = CPNG_grey_image(width, height);
  return (size_t)PNG_IMAGE_PNG_SIZE_MAX(image);
}

/* Encodes width*height bytes of 8-bit grey; `byte_count` is the capacity on entry and the size on return. */
static inline int CPNG_write_grey(const uint8_t *_Nonnull pixels, uint32_t width, uint32_t height,
                                  void *_Nonnull bytes, size_t *_Nonnull byte_count, char *_Nonnull message) {
  png_image image = CPNG_grey_image(width, height);
  png_alloc_size_t size = (png_alloc_size_t)*byte_count;
  int ok = png_image_write_to_memory(&image, bytes, &size, 0, pixels, (png_int_32)width, NULL) != 0;
  *byte_count = (size_t)size;
  return CPNG_finish(&image, ok, message);
}

#endif
