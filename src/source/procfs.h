/*
 * The mounted procfs, or a recorded tree of one: everything below --path.procfs is opened
 * through here. Facts about a process are read relative to its directory, so that they are all
 * about the same process: a descriptor of /proc/<pid> answers ESRCH for ever once that process
 * is gone, even when the number has a new owner.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"

/* The process (or what was asked of it) is gone: an outcome, not an error. */
#define PID_GONE 1

struct procfs {
	int directory;
	double boot_time; /* seconds since 1970 (the btime line of /proc/stat) */
	pid_t self; /* this program, as this procfs numbers it; 0: not in it */
	double ticks; /* USER_HZ, of the start times in /proc/<pid>/stat */
	bool is_live; /* it is the kernel's, not a recorded tree */
};

/* 0, or -errno with the path in `err`; -EINVAL when it does not look like a procfs. */
int procfs_init(struct procfs *procfs, const char *path, struct error *err) MUST_CHECK;
void procfs_deinit(struct procfs *procfs);

/* The processes of now, in rising order. The array grows as needed, the caller frees it. */
int procfs_list(const struct procfs *procfs, pid_t **pids, size_t *capacity,
		size_t *ret_count) MUST_CHECK;

/* A descriptor of /proc/<pid> for openat(); PID_GONE, or -errno. The caller closes it. */
int procfs_open(const struct procfs *procfs, pid_t pid, int *ret_directory) MUST_CHECK;

/* -ENOENT and -ESRCH mean PID_GONE, the rest stays: for whatever is read below /proc/<pid>. */
int procfs_outcome(int r);

/* The number N of a link such as "net:[N]" or "socket:[N]"; false when it is another kind. */
bool procfs_parse_inode(struct bytes link, const char *kind, uint64_t *ret_inode) MUST_CHECK;
