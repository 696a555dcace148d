#define _GNU_SOURCE
#include "FileFaults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long count = 0;

long file_faults_count(void) { return atomic_load(&count); }

// The function that would have been called without this library.
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text && *text ? atol(text) : otherwise;
}

/// Whether `path` is one that counts.
static bool counts_path(const char *path) {
  const char *under = getenv("FILE_FAULTS_UNDER");
  return under && path && strstr(path, under);
}

/// Whether the file behind `descriptor` is one that counts.
static bool counts_descriptor(int descriptor) {
  if (!getenv("FILE_FAULTS_UNDER")) return false;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = 0;
  return counts_path(path);
}

/// Whether a name in the folder `directory` is one that counts.
static bool counts_name(int directory, const char *name) {
  return counts_path(name) || (name && name[0] != '/' && directory != AT_FDCWD && counts_descriptor(directory));
}

/// Counts a call of `name`; whether it is one to fail. One that is to be late is.
static bool meets(const char *name) {
  const char *only = getenv("FILE_FAULTS_ONLY");
  if (only && *only && strcmp(only, name) != 0) return false;
  const long call = atomic_fetch_add(&count, 1) + 1, first = number("FILE_FAULTS_AT", LONG_MAX);
  if (call < first || call - first >= number("FILE_FAULTS_TIMES", 1)) return false;
  const long delay = number("FILE_FAULTS_DELAY", 0);
  if (delay > 0) usleep((useconds_t)delay * 1000);
  return delay == 0;
}

/// Meets a call: sets errno and returns -1, or does not return.
static int fail(void) {
  const int code = (int)number("FILE_FAULTS_ERROR", 0);
  if (!code) {
    kill(getpid(), SIGKILL);
    while (true) pause();
  }
  errno = code;
  return -1;
}

static mode_t mode_of(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(arguments, int) : 0;
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  if ((flags & (O_WRONLY | O_RDWR)) && counts_path(path) && meets("open")) return fail();
  return NEXT(open)(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  if ((flags & (O_WRONLY | O_RDWR)) && counts_name(directory, path) && meets("open")) return fail();
  return NEXT(openat)(directory, path, flags, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  if (counts_descriptor(descriptor) && meets("write")) {
    if (length > 1 && NEXT(write)(descriptor, bytes, length / 2) < 0) return -1;
    return fail();
  }
  return NEXT(write)(descriptor, bytes, length);
}

int fsync(int descriptor) { return counts_descriptor(descriptor) && meets("fsync") ? fail() : NEXT(fsync)(descriptor); }

int ftruncate(int descriptor, off_t length) {
  return counts_descriptor(descriptor) && meets("ftruncate") ? fail() : NEXT(ftruncate)(descriptor, length);
}

int posix_fallocate(int descriptor, off_t offset, off_t length) {
  if (counts_descriptor(descriptor) && meets("posix_fallocate")) return fail() ? errno : 0;
  return NEXT(posix_fallocate)(descriptor, offset, length);
}

int rename(const char *from, const char *to) {
  return counts_path(to) && meets("rename") ? fail() : NEXT(rename)(from, to);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  if (counts_name(to_directory, to) && meets("rename")) return fail();
  return NEXT(renameat)(from_directory, from, to_directory, to);
}

int unlink(const char *path) { return counts_path(path) && meets("unlink") ? fail() : NEXT(unlink)(path); }

int unlinkat(int directory, const char *path, int flags) {
  return counts_name(directory, path) && meets("unlink") ? fail() : NEXT(unlinkat)(directory, path, flags);
}

struct dirent *readdir(DIR *directory) {
  const char *only = getenv("FILE_FAULTS_ONLY");
  const bool counts = only && strcmp(only, "readdir") == 0 && counts_descriptor(dirfd(directory));
  if (!counts || !meets("readdir")) return NEXT(readdir)(directory);
  fail();
  return NULL;
}

int mkdir(const char *path, mode_t mode) { return counts_path(path) && meets("mkdir") ? fail() : NEXT(mkdir)(path, mode); }
