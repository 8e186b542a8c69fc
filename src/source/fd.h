/* The open descriptors of a process, and which of them are sockets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Inodes of sockets, appended process after process. */
struct fd_inodes {
	uint64_t *items;
	size_t count, capacity;
};

void fd_inodes_deinit(struct fd_inodes *inodes);

/*
 * Reads /proc/<pid>/fd below `directory` and appends the inode of each descriptor that is a
 * socket (the same inode twice when it is open twice); *ret_count is the number of descriptors.
 *
 * 0, PID_GONE or -errno. -EACCES when listing them or reading what they are was refused:
 * nothing is appended then, and *ret_count is the number all the same where the kernel tells it
 * (since 6.2 the size of the directory is that number and needs no privilege; that
 * this kernel does so is tried once), else negative.
 *
 * Cost: about 2.4 µs a descriptor, one readlinkat(2) each.
 */
int fd_read(int directory, struct fd_inodes *inodes, long *ret_count) MUST_CHECK;
