/*
 * From where a target's programs see the network and look names up: the network namespace and
 * the root directory of its oldest process, opened, and what tells them from others.
 */
#pragma once

#include "source/source.h"

struct standpoint {
	int netns, root; /* for setns(2); for file_follow_in_root() */
	pid_t pid;
	uint64_t start_ticks;
	/* Inodes: of both, and of the mount namespace, which says what is below the root. */
	uint64_t netns_inode, root_device, root_inode, mounts_inode;
};

/*
 * Opens that of a target, as processes were at the last look. 0; PID_GONE when it has no
 * process, or that is about to end; -EACCES and -EPERM without the right to (CAP_SYS_PTRACE),
 * or -errno. The caller closes it.
 */
int standpoint_open(const struct sources *sources, const char *target,
		    struct standpoint *ret_standpoint) MUST_CHECK;
void standpoint_close(const struct standpoint *standpoint);

/* Whether there is nothing to be seen from the one that is not to be seen from the other. */
bool standpoint_equal(const struct standpoint *a, const struct standpoint *b);
