#ifndef UNMIX_CHDF5_SHIM_H
#define UNMIX_CHDF5_SHIM_H

#include <hdf5.h>
#include <string.h>

/* What of libhdf5 Swift does not import: constants that are macros around calls, a call whose form depends on the version, and the
   error stack. */

_Static_assert(H5_VERSION_GE(1, 10, 0), "libhdf5 1.10 or newer");
_Static_assert(sizeof(float) == 4 && sizeof(hid_t) == 8 && sizeof(hsize_t) == 8, "sizes of the platform");

static const hid_t CHDF5_default = H5P_DEFAULT;
static const hid_t CHDF5_all = H5S_ALL;
static inline hid_t CHDF5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t CHDF5_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline unsigned CHDF5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned CHDF5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hid_t CHDF5_little_endian_float(void) { return H5T_IEEE_F32LE; }
static inline hid_t CHDF5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t CHDF5_c_text(void) { return H5T_C_S1; }
static inline size_t CHDF5_variable_length(void) { return H5T_VARIABLE; }

/* The version of the headers that the program is compiled with. */
enum { CHDF5_BUILT_MAJOR = H5_VERS_MAJOR, CHDF5_BUILT_MINOR = H5_VERS_MINOR, CHDF5_BUILT_RELEASE = H5_VERS_RELEASE };

/* More than 0 for a link to an object of the same file, 0 for one that leads elsewhere by a name, negative for a failure. */
static inline int CHDF5_is_hard_link(hid_t group, const char *_Nonnull name) {
#if H5_VERSION_GE(1, 12, 0)
  H5L_info2_t info;
  return H5Lget_info2(group, name, &info, H5P_DEFAULT) < 0 ? -1 : info.type == H5L_TYPE_HARD;
#else
  H5L_info_t info;
  return H5Lget_info(group, name, &info, H5P_DEFAULT) < 0 ? -1 : info.type == H5L_TYPE_HARD;
#endif
}

/* Failures are told by status and text, not printed. Holds for the calling thread where libhdf5 knows threads. */
static inline herr_t CHDF5_print_no_errors(void) { return H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

struct CHDF5_text {
  char *_Nonnull bytes;
  size_t size;
};

static inline herr_t CHDF5_keep_innermost(unsigned number, const H5E_error2_t *_Nonnull error, void *_Nullable data) {
  struct CHDF5_text *text = (struct CHDF5_text *)data;
  if (number == 0 && error->desc) strncpy(text->bytes, error->desc, text->size - 1);
  return 0;
}

/* What the innermost function said of the failure of the last call; an empty text where it said nothing. The next call empties the stack. */
static inline void CHDF5_last_error(char *_Nonnull bytes, size_t size) {
  struct CHDF5_text text = {bytes, size};
  memset(bytes, 0, size);
  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, CHDF5_keep_innermost, &text);
}

#endif
