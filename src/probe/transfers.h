/*
 * All transfers under way in one thread: libcurl's multi handle. Only transfers_wake() may be
 * called by another one.
 */
#pragma once

#include "base/compiler.h"

struct transfer;
struct transfers;

/* Initialises libcurl, once in the life of the process. NULL: without memory or descriptors. */
struct transfers *transfers_new(void) MUST_CHECK;
void transfers_free(struct transfers *transfers); /* takes NULL; none may be under way */

/* Goes on with all of them, without waiting. */
void transfers_perform(struct transfers *transfers);

/* One that has ended since; NULL: none. Its leg is to be measured. */
struct transfer *transfers_take(struct transfers *transfers);

/* Waits until there is something to do, `fd` is readable, or so many seconds have passed. */
void transfers_wait(struct transfers *transfers, int fd, double seconds);

/* Ends a transfers_wait() in another thread, or the next one. */
void transfers_wake(struct transfers *transfers);

/* For transfer.c: begins with an easy handle, ends with it, now if need be. */
void transfers_add(struct transfers *transfers, void *easy);
void transfers_remove(struct transfers *transfers, void *easy);

/* Likewise, of a transfer that ended before it could begin. */
void transfers_add_ended(struct transfers *transfers, struct transfer *transfer);
void transfers_remove_ended(struct transfers *transfers, const struct transfer *transfer);
