/*
 * An event and a look at the same thing come in any order. What a look saw first is counted
 * then, and the event adds what only it knows; the end of a connection that events follow is
 * theirs to tell, unless they stay away for two looks.
 */
#include "source/outbound.h"

#include <math.h>

#include "base/memory.h"

/*
 * For how long the end of a followed connection waits for its event: so many looks, and longer
 * than a failure waits for its reason (reasons.c), however often we look.
 */
#define LATE_LOOKS 2
#define LATE_SECONDS 1.0

static struct connection_counters *counters(const struct ledger_entry *entry)
{
	return &entry->pair->counters;
}

static bool state_is_open(enum tcp_state state)
{
	return state == TCP_STATE_ESTABLISHED || state == TCP_STATE_CLOSE_WAIT;
}

static bool differ(uint64_t a, uint64_t b)
{
	return a && b && a != b;
}

bool outbound_is_same(const struct ledger_entry *entry, const struct socket_row *row)
{
	if (differ(entry->cookie, row->cookie) || differ(entry->inode, row->inode))
		return false;
	if (entry->phase == LEDGER_ENDED)
		return !state_is_open(row->state) && row->state != TCP_STATE_SYN_SENT;
	return entry->phase != LEDGER_OPEN || row->state != TCP_STATE_SYN_SENT;
}

static void count_opened(struct ledger_entry *entry)
{
	if (!entry->counted)
		counters(entry)->opened++;
	entry->counted = true;
	entry->phase = LEDGER_OPEN;
}

static void count_closed(struct ledger_entry *entry, double lifetime)
{
	counters(entry)->closed++;
	connection_histogram_add(&counters(entry)->lifetime, lifetime_buckets, lifetime);
	entry->phase = LEDGER_ENDED;
}

static void count_change(struct ledger_entry *entry, const struct behavior_change *change)
{
	counters(entry)->sent += change->sent;
	counters(entry)->received += change->received;
	counters(entry)->retransmits += change->retransmits;
}

static void look_first(struct ledger_entry *entry, const struct socket_row *row, double now,
		       bool old)
{
	struct behavior_change change = { 0 };

	entry->behavior = memory_new(1, sizeof(*entry->behavior));
	behavior_init(entry->behavior, row, now, !old, &change);
	count_change(entry, &change);
	entry->phase = LEDGER_CONNECTING;
	if (row->state == TCP_STATE_SYN_SENT)
		return;
	if (old) {
		entry->phase = state_is_open(row->state) ? LEDGER_OPEN : LEDGER_ENDED;
		return;
	}
	count_opened(entry);
	if (!state_is_open(row->state))
		count_closed(entry, 0);
}

static bool waits_for_event(struct ledger_entry *entry, double now)
{
	if (!entry->followed)
		return false;
	if (!entry->late)
		entry->late_since = now;
	if (entry->late < LATE_LOOKS) {
		entry->late++;
		return true;
	}
	return now - entry->late_since < LATE_SECONDS;
}

static void look_again(struct ledger_entry *entry, const struct socket_row *row, double now)
{
	struct behavior_change change = { 0 };

	behavior_update(entry->behavior, row, now, &change);
	count_change(entry, &change);
	if (row->state == TCP_STATE_SYN_SENT || entry->phase == LEDGER_ENDED)
		return;
	if (entry->phase == LEDGER_CONNECTING) {
		behavior_set_established(entry->behavior, now);
		count_opened(entry);
	}
	if (state_is_open(row->state))
		entry->late = 0;
	else if (!waits_for_event(entry, now))
		count_closed(entry, behavior_age(entry->behavior, now));
}

void outbound_look(struct ledger_entry *entry, const struct socket_row *row, double now,
		   bool old)
{
	if (entry->behavior)
		look_again(entry, row, now);
	else
		look_first(entry, row, now, old);
	entry->inode = row->inode ? row->inode : entry->inode;
	entry->cookie = row->cookie ? row->cookie : entry->cookie;
}

/* A connection that no look has seen yet. */
static void begin(struct ledger_entry *entry, double time)
{
	struct socket_row row = { .state = TCP_STATE_ESTABLISHED };
	struct behavior_change none;

	entry->behavior = memory_new(1, sizeof(*entry->behavior));
	behavior_init(entry->behavior, &row, time, true, &none);
}

void outbound_opened(struct ledger_entry *entry, const struct news *news)
{
	if (!entry->behavior)
		begin(entry, news->time);
	behavior_set_established(entry->behavior, news->time);
	connection_histogram_add(&counters(entry)->connect, connect_buckets,
				 news->time - news->started);
	entry->followed = entry->told = true;
	/* One that was taken for old may have ended in its first look: that counts now, too. */
	if (!entry->counted)
		count_opened(entry);
}

void outbound_closed(struct ledger_entry *entry, const struct news *news)
{
	if (entry->phase == LEDGER_OPEN)
		count_closed(entry, news->time - news->established);
}

void outbound_failed(struct ledger_entry *entry, const struct news *news)
{
	if (entry->phase != LEDGER_CONNECTING)
		return;
	counters(entry)->failed[news->reason]++;
	entry->phase = LEDGER_ENDED;
}

static void end(struct ledger_entry *entry, double now)
{
	if (!entry->behavior)
		return;
	if (entry->phase == LEDGER_OPEN)
		count_closed(entry, behavior_age(entry->behavior, now));
	else if (entry->phase == LEDGER_CONNECTING)
		counters(entry)->failed[CONNECT_UNKNOWN]++;
	entry->phase = LEDGER_ENDED;
}

bool outbound_vanished(struct ledger_entry *entry, double now)
{
	if (entry->behavior && entry->phase != LEDGER_ENDED && waits_for_event(entry, now))
		return false;
	end(entry, now);
	return true;
}

void outbound_replaced(struct ledger_entry *entry, double now)
{
	end(entry, now);
}

static void measure_known(const struct behavior *behavior, const struct config *config,
			  struct connection_gauges *gauges, double now)
{
	gauges->idle += behavior_is_idle(behavior, now, config->detect.idle_after);
	gauges->used_once += behavior_is_used_once(behavior);
	if (behavior_is_awaiting(behavior)) {
		gauges->awaiting++;
		gauges->oldest_awaiting =
			fmax(gauges->oldest_awaiting, behavior_waited(behavior, now));
	}
	if (behavior->round_trip > 0) {
		gauges->round_trip_sum += (double)behavior->round_trip;
		gauges->round_trip_count++;
	}
}

void outbound_measure(const struct ledger_entry *entry, const struct socket_row *row,
		      struct pair *pair, const struct config *config, double now)
{
	const struct behavior *behavior = entry->behavior;
	double stalled = config->detect.stalled_after;
	struct connection_gauges *gauges = &pair->gauges;

	pair->last_used = now;
	gauges->connections[row->state]++;
	gauges->receive_queue += behavior->receive_queue;
	gauges->send_queue += behavior->send_queue;
	gauges->unread += behavior_is_unread(behavior, now, stalled);
	gauges->send_stalled += behavior_is_send_stalled(behavior, now, stalled);
	if (!state_is_open(row->state))
		return;
	gauges->oldest_age = fmax(gauges->oldest_age, behavior_age(behavior, now));
	gauges->lacks_info |= !behavior->known;
	if (row->state == TCP_STATE_ESTABLISHED && behavior->known)
		measure_known(behavior, config, gauges, now);
}
