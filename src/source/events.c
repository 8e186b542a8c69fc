/*
 * What was recorded in the last moment stays for the next time: a record may have its time, but
 * not its place in the ring yet, while another CPU's, that follows from it, is there.
 *
 * A kernel may leave out events without a word (seen on a guest whose idle CPU did), which its
 * counts tell; asking for these interrupts every CPU, so it is done now and then.
 */
#include "source/events.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "source/tracepoint.h"

#define SETTLE_SECONDS 0.01
#define MISSED_SECONDS 60.0
#define RETRY_SECONDS 60.0
#define RATE_SECONDS 1.0
/* A process this young may still become somebody else by execve(2) or setuid(2). */
#define YOUNG_SECONDS 60.0

struct events *events_new(void)
{
	struct events *events = memory_new(1, sizeof(*events));

	events->since = NAN;
	return events;
}

struct news_list *events_news(struct events *events)
{
	struct news_list *all = &events->news;
	struct news_list *more = events->attempts ? attempts_news(events->attempts) : NULL;

	if (!more || !more->count)
		return all;
	all->items = memory_grow(all->items, &all->capacity, all->count + more->count,
				 sizeof(*all->items));
	memcpy(all->items + all->count, more->items, more->count * sizeof(*all->items));
	all->count += more->count;
	more->count = 0;
	return all;
}

/* What is known already stays news. */
void events_stop(struct events *events)
{
	if (events->attempts) {
		attempts_forget(events->attempts);
		events_news(events);
	}
	events->lost_before = events_lost(events);
	attempts_free(events->attempts);
	tracepoint_free(events->tracepoint);
	events->attempts = NULL;
	events->tracepoint = NULL;
	events->since = NAN;
	events->seen_lost = events->seen_missed = events->seen_dropped = 0;
}

void events_free(struct events *events)
{
	if (!events)
		return;
	events_stop(events);
	tcp_events_deinit(&events->buffer);
	free(events->news.items);
	error_deinit(&events->reason);
	free(events);
}

static bool ignores(void *context, pid_t pid)
{
	const struct events *events = context;
	const struct process *process = process_table_find(events->processes, pid);

	if (pid == events->self)
		return true;
	if (!process || process->target || config_discovers(events->config))
		return false;
	return events->now - process->first_seen > YOUNG_SECONDS;
}

static int start(struct events *events)
{
	error_clear(&events->reason);
	events->failure = tracepoint_new(&events->tracepoint, &events->reason);
	if (events->failure < 0) {
		events->retry_at = events->now + RETRY_SECONDS;
		return events->failure;
	}
	events->attempts = attempts_new(events->config->limits.max_connections,
					tracepoint_has_errors(events->tracepoint), ignores,
					events);
	events->since = events->rate_since = clock_monotonic();
	events->rate_count = 0;
	events->ask_missed_at = events->now + MISSED_SECONDS;
	return 0;
}

/* Above the limit recording ends at once, below it a new interval begins now and then. */
static bool too_many(struct events *events)
{
	double seconds = fmax(events->now - events->rate_since, RATE_SECONDS);

	events->rate_count += events->buffer.count;
	if ((double)events->rate_count > events->config->limits.max_event_rate * seconds)
		return true;
	if (seconds > RATE_SECONDS) {
		events->rate_since = events->now;
		events->rate_count = 0;
	}
	return false;
}

static void suspend(struct events *events)
{
	events_stop(events);
	events->suspensions++;
	events->failure = -EBUSY;
	events->retry_at = events->now + RETRY_SECONDS;
	error_clear(&events->reason);
	error_set(&events->reason, -EBUSY, "more than max_event_rate (%u) events a second",
		  events->config->limits.max_event_rate);
}

uint64_t events_lost(const struct events *events)
{
	uint64_t lost = events->seen_lost, missed = events->seen_missed;

	return events->lost_before + (lost > missed ? lost : missed);
}

/* What is followed may have ended unseen: from here on is another story. */
static void count_lost(struct events *events)
{
	uint64_t lost = tracepoint_lost(events->tracepoint);
	uint64_t missed = events->seen_missed;

	if (events->now >= events->ask_missed_at) {
		missed = tracepoint_missed(events->tracepoint);
		events->ask_missed_at = events->now + MISSED_SECONDS;
	}
	if (lost == events->seen_lost && missed == events->seen_missed)
		return;
	events->seen_lost = lost;
	events->seen_missed = missed;
	events->since = events->now;
	attempts_forget(events->attempts);
}

int events_collect(struct events *events, const struct config *config,
		   const struct process_table *processes, pid_t self)
{
	double until;

	events->config = config;
	events->processes = processes;
	events->self = self;
	events->now = clock_monotonic();
	if (!events->tracepoint && events->now < events->retry_at)
		return events->failure;
	if (!events->tracepoint && start(events) < 0)
		return events->failure;
	until = events->now - SETTLE_SECONDS;
	events->buffer.count = 0;
	tracepoint_drain(events->tracepoint, until, &events->buffer);
	attempts_feed(events->attempts, &events->buffer, until);
	count_lost(events);
	events->dropped += attempts_dropped(events->attempts) - events->seen_dropped;
	events->seen_dropped = attempts_dropped(events->attempts);
	if (too_many(events)) {
		suspend(events);
		return events->failure;
	}
	if (tracepoint_is_stale(events->tracepoint)) {
		events_stop(events);
		return start(events);
	}
	return 0;
}

int events_descriptor(const struct events *events)
{
	return events->tracepoint ? tracepoint_descriptor(events->tracepoint) : -1;
}

bool events_cover(const struct events *events, double since)
{
	return events->tracepoint && events->since <= since;
}
