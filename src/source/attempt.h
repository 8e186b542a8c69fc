/*
 * Events → what became of each attempt to connect: opened, failed and why, closed. Pure: it
 * sees events in the order of time, and no process or namespace but by number.
 *
 * CLOSE→SYN_SENT always runs in the thread that connects: whose it is. The rest happens in
 * whatever thread the interrupt met, so it is joined by the socket's address in the kernel.
 */
#pragma once

#include "model/connection.h"
#include "source/tcp_event.h"

enum news_kind {
	NEWS_OPENED, /* reached ESTABLISHED, or met an attempt of the peer (SYN_RECV) */
	NEWS_FAILED, /* never did */
	NEWS_CLOSED, /* left ESTABLISHED and CLOSE_WAIT */
};

struct news {
	enum news_kind kind;
	enum connect_failure reason; /* of NEWS_FAILED */
	pid_t process; /* that connected */
	double started; /* monotonic seconds: SYN_SENT */
	double time; /* when it happened */
	double established; /* of NEWS_CLOSED: when it had been opened */
	struct endpoint local, remote; /* the local port is 0 when none was found */
};

struct attempts;

/*
 * `max`: attempts and connections to follow at once; `has_errors`: failures have reasons.
 * `ignores` (NULL: nobody) says whose connections are of no interest.
 */
struct attempts *attempts_new(size_t max, bool has_errors,
			      bool (*ignores)(void *context, pid_t process), void *context);
void attempts_free(struct attempts *attempts); /* takes NULL */

/*
 * Takes events in. Failures whose reason may still come wait until `until` (monotonic seconds),
 * the time up to which events are complete, is a while later.
 */
void attempts_feed(struct attempts *attempts, const struct tcp_events *events, double until);

/*
 * Events were lost: what is being followed may have ended unseen, and is given up. Failures
 * that wait for their reason become CONNECT_UNKNOWN.
 */
void attempts_forget(struct attempts *attempts);

/*
 * What happened since the last call, in the order in which it became certain; the caller
 * empties it (count = 0).
 */
struct news_list {
	struct news *items;
	size_t count, capacity;
};
struct news_list *attempts_news(struct attempts *attempts);

/* Connections that could not be followed for want of room, since the start. */
uint64_t attempts_dropped(const struct attempts *attempts);
