// Makes calls on files fail or take long, or ends the process at one of them, in a program that preloads this library
// (LD_PRELOAD).
//
// Calls count where they change something under a folder: open, openat and mkdir for writing, write, ftruncate,
// posix_fallocate, fsync, rename, renameat, unlink, unlinkat; readdir, which changes nothing, where it alone is asked for. What to do
// with them comes from the environment:
//
//   FILE_FAULTS_UNDER   part of the paths that count
//   FILE_FAULTS_AT      number of the first call that is met, from 1
//   FILE_FAULTS_TIMES   how many calls from there on, 1 where it is not set
//   FILE_FAULTS_ONLY    only calls of this name count ("write"), all where it is not set
//   FILE_FAULTS_ERROR   the errno that a met call fails with; where it is not set the process is killed at it. A write that
//                       is met writes half of its bytes first: torn files are what a dead machine leaves.
//   FILE_FAULTS_DELAY   milliseconds by which a met call is late, and does not fail: a slow disk
#ifndef UNMIX_FILE_FAULTS_H
#define UNMIX_FILE_FAULTS_H

/// Calls that counted so far.
long file_faults_count(void);

#endif
