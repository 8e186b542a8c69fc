/*
 * setns(2) moves the calling thread only, and a socket belongs for ever to the namespace that
 * it was made in. A thread that cannot come back must not go on; so whether it could is asked
 * before it leaves: in a user namespace it may have the right to one and not to the other.
 */
#include "probe/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

struct view {
	atomic_uint references;
	int netns, root;
	uint64_t inode; /* of the namespace */
	bool is_own; /* nothing is to be entered */
};

static bool inode_of(int fd, uint64_t *ret_inode)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return false;
	*ret_inode = status.st_ino;
	return true;
}

static int open_home(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

struct view *view_new(int netns, int root)
{
	CLEANUP(file_close) int home = open_home();
	struct view *view = memory_new(1, sizeof(*view));
	uint64_t own;

	atomic_init(&view->references, 1);
	view->netns = netns;
	view->root = root;
	view->is_own = inode_of(netns, &view->inode) && inode_of(home, &own) &&
		       view->inode == own;
	return view;
}

struct view *view_acquire(struct view *view)
{
	if (view)
		atomic_fetch_add(&view->references, 1);
	return view;
}

void view_release(struct view *view)
{
	if (!view || atomic_fetch_sub(&view->references, 1) > 1)
		return;
	file_close(&view->netns);
	file_close(&view->root);
	free(view);
}

int view_root(const struct view *view)
{
	return view->root;
}

uint64_t view_netns(const struct view *view)
{
	return view->inode;
}

static int open_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int view_socket(const struct view *view, int family, int type)
{
	CLEANUP(file_close) int home = -1;
	int fd;

	if (!view || view->is_own)
		return open_socket(family, type);
	home = open_home();
	if (home < 0 || setns(home, CLONE_NEWNET) < 0 || setns(view->netns, CLONE_NEWNET) < 0)
		return -errno;
	fd = open_socket(family, type);
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	return fd;
}
