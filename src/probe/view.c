/*
 * setns(2) moves the calling thread only, and a socket belongs for ever to the namespace that
 * it was made in. A thread that cannot come back must not go on.
 */
#include "probe/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/memory.h"

struct view {
	atomic_uint references;
	int netns, root;
};

struct view *view_new(int netns, int root)
{
	struct view *view = memory_new(1, sizeof(*view));

	atomic_init(&view->references, 1);
	view->netns = netns;
	view->root = root;
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

static int open_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int view_socket(const struct view *view, int family, int type)
{
	CLEANUP(file_close) int home = -1;
	int fd;

	if (!view)
		return open_socket(family, type);
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || setns(view->netns, CLONE_NEWNET) < 0)
		return -errno;
	fd = open_socket(family, type);
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	return fd;
}
