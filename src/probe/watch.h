/*
 * Descriptors that a thread sleeps on besides libcurl's: epoll(7), whose own descriptor is
 * given to the sleep. It wakes; who is ready is told by a flag, or finds out by trying.
 */
#pragma once

#include <stdbool.h>
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

/* Likewise; watch_look() then sets `*flag`, which must live until watch_remove(). */
void watch_set_flag(struct watch *watch, int fd, uint32_t events, bool *flag);

/* Sets the flags of those that are ready; of some of them, when there are very many. */
void watch_look(struct watch *watch);

/* To be called before `fd` is closed. */
void watch_remove(struct watch *watch, int fd);
