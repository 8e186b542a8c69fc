#include "probe/watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/file.h"

int watch_init(struct watch *watch)
{
	watch->fd = epoll_create1(EPOLL_CLOEXEC);
	return watch->fd < 0 ? -errno : 0;
}

void watch_deinit(struct watch *watch)
{
	file_close(&watch->fd);
	watch->fd = -1;
}

void watch_set(struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };
	int r = epoll_ctl(watch->fd, EPOLL_CTL_ADD, fd, &event);

	if (r < 0 && errno == EEXIST)
		r = epoll_ctl(watch->fd, EPOLL_CTL_MOD, fd, &event);
	/* Memory of the kernel, or its limit of watches (epoll(7)): as out of memory here. */
	if (r < 0)
		abort();
}

void watch_remove(struct watch *watch, int fd)
{
	int r = epoll_ctl(watch->fd, EPOLL_CTL_DEL, fd, NULL);

	assert(!r || errno == ENOENT || errno == EBADF);
}
