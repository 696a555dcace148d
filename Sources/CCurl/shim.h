#ifndef UNMIX_CCURL_SHIM_H
#define UNMIX_CCURL_SHIM_H

#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>

/* curl_easy_setopt and curl_easy_getinfo take variable arguments, which Swift cannot call: one typed function
   for each kind of argument. The names in parentheses bypass libcurl's type-checking macros, which need a
   constant option. */

_Static_assert(sizeof(curl_off_t) == 8, "file sizes are 64-bit");
_Static_assert(LIBCURL_VERSION_NUM >= 0x075500, "CURLOPT_PROTOCOLS_STR needs libcurl 7.85");

/* The version of the library that runs. CURLVERSION_NOW is a macro for a case of an enumeration, which Swift does not import. */
static inline const char *_Nonnull CCurl_version(void) { return curl_version_info(CURLVERSION_NOW)->version; }

static inline CURLcode CCurl_set_text(CURL *_Nonnull handle, CURLoption option, const char *_Nonnull value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode CCurl_set_long(CURL *_Nonnull handle, CURLoption option, long value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode CCurl_set_size(CURL *_Nonnull handle, CURLoption option, int64_t value) {
  return (curl_easy_setopt)(handle, option, (curl_off_t)value);
}

static inline CURLcode CCurl_set_pointer(CURL *_Nonnull handle, CURLoption option, void *_Nullable value) {
  return (curl_easy_setopt)(handle, option, value);
}

/* The bytes received go to `file` by libcurl's default fwrite. */
static inline CURLcode CCurl_set_file(CURL *_Nonnull handle, FILE *_Nonnull file) {
  return (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, (void *)file);
}

/* Called about once a second and for each received piece; another answer than 0 ends the transfer. */
typedef int (*CCurl_progress)(void *_Nullable context, curl_off_t download_total, curl_off_t downloaded,
                              curl_off_t upload_total, curl_off_t uploaded);

static inline CURLcode CCurl_set_progress(CURL *_Nonnull handle, CCurl_progress _Nonnull progress,
                                          void *_Nonnull context) {
  CURLcode code = (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, progress);
  if (code == CURLE_OK) code = (curl_easy_setopt)(handle, CURLOPT_XFERINFODATA, context);
  if (code == CURLE_OK) code = (curl_easy_setopt)(handle, CURLOPT_NOPROGRESS, 0L);
  return code;
}

/* The status of the last HTTP answer, 0 where there was none. */
static inline long CCurl_response_code(CURL *_Nonnull handle) {
  long code = 0;
  return (curl_easy_getinfo)(handle, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0;
}

static inline CURLcode CCurl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

#endif
