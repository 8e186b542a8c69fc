/*
 * Links of /proc/<pid> are refused to those who may not trace the process (proc(5)), in all
 * threads alike. Opening a descriptor of the root keeps it, and its mounts, as long as it is
 * open; files are looked up below it, and nothing of them is run.
 *
 * A container's first process enters its namespaces, then changes its root, then becomes the
 * program: all with one pid and start time. So everything is compared each time.
 */
#include "source/standpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"

/* When its first thread has ended, namespaces and root are gone from its directory. */
static bool may_serve(const struct process *process, const char *target)
{
	return process->target && !process->stat.zombie &&
	       !strcmp(process->target->name, target);
}

/* The oldest process of the target; NULL: it has none. */
static const struct process *find_oldest(const struct process_table *table, const char *target)
{
	const struct process *oldest = NULL;

	for (size_t i = 0; i < table->count; i++) {
		const struct process *process = &table->items[i];

		if (may_serve(process, target) &&
		    (!oldest || process->stat.start_ticks < oldest->stat.start_ticks))
			oldest = process;
	}
	return oldest;
}

/* As it is known here: to ask a file system of somebody else's might hang (statx(2)). */
static int look_at_root(struct standpoint *standpoint)
{
	struct statx root;

	if (statx(standpoint->root, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &root) <
	    0)
		return -errno;
	standpoint->root_device = makedev(root.stx_dev_major, root.stx_dev_minor);
	standpoint->root_inode = root.stx_ino;
	return 0;
}

static int open_below(int directory, struct standpoint *standpoint)
{
	struct stat netns, mounts;

	standpoint->netns = openat(directory, "ns/net", O_RDONLY | O_CLOEXEC);
	if (standpoint->netns < 0)
		return -errno;
	standpoint->root = openat(directory, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (standpoint->root < 0 || fstat(standpoint->netns, &netns) < 0 ||
	    fstatat(directory, "ns/mnt", &mounts, 0) < 0)
		return -errno;
	standpoint->netns_inode = netns.st_ino;
	standpoint->mounts_inode = mounts.st_ino;
	return look_at_root(standpoint);
}

/* Everything is read through one descriptor, so it is of one process: that of this start. */
static int open_process(const struct procfs *procfs, const struct process *process,
			struct standpoint *standpoint)
{
	CLEANUP(file_close) int directory = -1;
	struct pid_stat stat;
	int r = procfs_open(procfs, process->pid, &directory);

	if (!r)
		r = pid_read_stat(directory, &stat);
	if (r)
		return r;
	if (stat.start_ticks != process->stat.start_ticks || stat.zombie)
		return PID_GONE;
	standpoint->pid = process->pid;
	standpoint->start_ticks = stat.start_ticks;
	r = open_below(directory, standpoint);
	/* A process that was reaped meanwhile refuses, as if by permission. */
	if (r == -EACCES && (pid_read_stat(directory, &stat) == PID_GONE || stat.zombie))
		return PID_GONE;
	return procfs_outcome(r);
}

int standpoint_open(const struct sources *sources, const char *target,
		    struct standpoint *ret_standpoint)
{
	const struct process *process = find_oldest(&sources->processes, target);
	struct standpoint standpoint = { .netns = -1, .root = -1 };
	int r;

	if (!process)
		return PID_GONE;
	r = open_process(&sources->procfs, process, &standpoint);
	if (r)
		standpoint_close(&standpoint);
	else
		*ret_standpoint = standpoint;
	return r;
}

void standpoint_close(const struct standpoint *standpoint)
{
	file_close(&standpoint->netns);
	file_close(&standpoint->root);
}

bool standpoint_equal(const struct standpoint *a, const struct standpoint *b)
{
	return a->pid == b->pid && a->start_ticks == b->start_ticks &&
	       a->netns_inode == b->netns_inode && a->root_device == b->root_device &&
	       a->root_inode == b->root_inode && a->mounts_inode == b->mounts_inode;
}
