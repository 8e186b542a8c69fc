/*
 * The kernel's events as a source: used where they are asked for and allowed, and given up for
 * a while when there are too many of them.
 */
#pragma once

#include "base/error.h"
#include "config/config.h"
#include "source/attempt.h"
#include "source/process.h"

struct events {
	struct tracepoint *tracepoint; /* NULL: none */
	struct attempts *attempts; /* as long as there is a tracepoint */
	struct tcp_events buffer;
	struct news_list news; /* of attempts, also of those that were given up */
	struct error reason; /* why there is no tracepoint */
	int failure; /* likewise, -errno */
	double since; /* monotonic seconds: all events from here on are known; NAN: none are */
	double retry_at; /* when to try again after a failure or too many events */
	double rate_since; /* start of the interval in which `rate_count` events came */
	double ask_missed_at; /* when to ask again what left no record */
	uint64_t rate_count, seen_lost, seen_missed, seen_dropped; /* of this tracepoint */
	uint64_t lost_before; /* by those before it */
	uint64_t dropped, suspensions, unattributed; /* since start */
	/* Of the drain under way: whom to ask about a process. */
	const struct config *config;
	const struct process_table *processes;
	pid_t self;
	double now;
};

struct events *events_new(void);
void events_free(struct events *events); /* takes NULL */

/* Gives up recording, as long as events_collect() is not called. */
void events_stop(struct events *events);

/*
 * Takes in what happened until now, about the processes of this table; begins to record when
 * it does not yet, and stops for a minute above max_event_rate. `self`: this program, which is
 * of no interest. 0, or -errno: nothing is recorded, the reason is in events->reason.
 */
int events_collect(struct events *events, const struct config *config,
		   const struct process_table *processes, pid_t self) MUST_CHECK;

/* To poll: readable when it is time to collect; -1: nothing to wait for. */
int events_descriptor(const struct events *events);

/* Whether all events since that time (monotonic seconds) are known. */
bool events_cover(const struct events *events, double since);

/* Events that were not seen, since the start. */
uint64_t events_lost(const struct events *events);

/* What events told and nobody counted yet, in order; the caller empties it (count = 0). */
struct news_list *events_news(struct events *events);
