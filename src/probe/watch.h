/*
 * Descriptors that a thread sleeps on besides libcurl's: epoll(7), whose own descriptor is
 * given to the sleep. It only wakes; who is ready finds out by trying.
 */
#pragma once

#include <stdint.h>

#include "base/compiler.h"

struct watch {
	int fd; /* readable while any of them is ready */
};

/* 0 or -errno. */
int watch_init(struct watch *watch) MUST_CHECK;
void watch_deinit(struct watch *watch);

/* From now on these EPOLL… events of `fd` wake; again, also with other events. */
void watch_set(struct watch *watch, int fd, uint32_t events);

/* To be called before `fd` is closed. */
void watch_remove(struct watch *watch, int fd);
