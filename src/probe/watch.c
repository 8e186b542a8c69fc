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

void watch_set_flag(struct watch *watch, int fd, uint32_t events, bool *flag)
{
	struct epoll_event event = { .events = events, .data.ptr = flag };
	int r = epoll_ctl(watch->fd, EPOLL_CTL_ADD, fd, &event);

	if (r < 0 && errno == EEXIST)
		r = epoll_ctl(watch->fd, EPOLL_CTL_MOD, fd, &event);
	/* Memory of the kernel, or its limit of watches (epoll(7)): as out of memory here. */
	if (r < 0)
		abort();
}

void watch_set(struct watch *watch, int fd, uint32_t events)
{
	watch_set_flag(watch, fd, events, NULL);
}

/* The kernel takes turns: who is left out now comes first the next time (epoll_wait(2)). */
void watch_look(struct watch *watch)
{
	struct epoll_event events[256];
	int count = epoll_wait(watch->fd, events, ARRAY_LENGTH(events), 0);

	for (int i = 0; i < count; i++) {
		bool *flag = events[i].data.ptr;

		if (flag)
			*flag = true;
	}
}

void watch_remove(struct watch *watch, int fd)
{
	int r = epoll_ctl(watch->fd, EPOLL_CTL_DEL, fd, NULL);

	assert(!r || errno == ENOENT || errno == EBADF);
}
