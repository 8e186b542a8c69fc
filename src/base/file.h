/* Whole small files, read below a directory. */
#pragma once

#include <dirent.h>

#include "base/text.h"

/*
 * Appends the content of `path` (relative to `directory`, or AT_FDCWD) to `into`, reading until
 * the end: files of procfs have no size and may give 4 KiB at a time. 0, or -errno of open or
 * read; -EFBIG when there are more than `max` bytes. On failure `into` is as it was.
 */
int file_read(int directory, const char *path, size_t max, struct text *into) MUST_CHECK;

/*
 * The same for a file that somebody may have put a FIFO or a device in the place of: neither is
 * read, nor waited for. Then -EINVAL.
 */
int file_read_regular(const char *path, size_t max, struct text *into) MUST_CHECK;

/* Replaces `into` by the target of a symbolic link. 0 or -errno (then `into` is empty). */
int file_read_link(int directory, const char *path, struct text *into) MUST_CHECK;

/*
 * The same two things for data of others, below a directory that no link and no ".." leads out
 * of (openat2(2), Linux 5.6). Of files, regular ones only, and none that the kernel makes up
 * (procfs and its like): others are not even opened (-EINVAL), and opening never waits; the
 * last component of `path` may not be a link, but for file_follow_in_root(). -ENOSYS on older
 * kernels.
 */
int file_read_in_root(int root, const char *path, size_t max, struct text *into) MUST_CHECK;
int file_follow_in_root(int root, const char *path, size_t max, struct text *into) MUST_CHECK;
DIR *file_open_directory_in_root(int root, const char *path) MUST_CHECK;

/* For CLEANUP: closes a descriptor unless it is negative. */
void file_close(const int *fd);

/* A directory below `directory`, to be listed; NULL with errno. */
DIR *file_open_directory(int directory, const char *path) MUST_CHECK;

/* For CLEANUP: closes a directory unless it is NULL. */
void file_close_directory(DIR **directory);
