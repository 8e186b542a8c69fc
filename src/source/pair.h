/*
 * The destinations of one owner (a target, or a namespace for connections without an owner),
 * kept between ticks so that no series flaps: a configured destination is one pair; every other
 * remote endpoint gets a pair of its own while there is room, and holds it until it had no
 * connection for an hour; newcomers without room share the pair "other".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "config/config.h"
#include "model/connection.h"

#define PAIR_OTHER "other"

/* Of a destination as seen from a namespace, whoever connects to it; see netns_pair_row. */
struct pair_view {
	bool has_unowned, has_all, has_ports; /* once there was any */
	uint32_t all[TCP_STATE_COUNT];
	uint32_t local_ports;
};

/* What of the counters is in the history already. */
struct pair_past {
	uint64_t opened, closed, failed;
};

struct pair {
	const struct pair_set *set; /* whose it is */
	const struct destination_config *configured; /* NULL: by endpoint, or "other" */
	struct endpoint remote; /* when neither configured nor other */
	bool other, pinned; /* pinned: never forgotten */
	char *destination; /* the label */
	double last_used; /* monotonic seconds */
	struct connection_gauges gauges; /* of this tick; a namespace's: without an owner */
	struct connection_counters counters;
	struct pair_past past;
	struct history *history; /* of a target's; NULL: not yet */
	struct pair_view view; /* of a namespace's, of this tick */
};

struct target;
struct history;

/* Pairs stay where they are in memory until they are forgotten. */
struct pair_set {
	const struct target *owner; /* NULL: a namespace */
	struct pair **items;
	size_t count, capacity;
	unsigned endpoints; /* pairs of unconfigured endpoints, held against max_destinations */
};

/*
 * How many pairs there are and may be, over all owners, and how many connections had no room.
 */
struct pair_budget {
	size_t count, max;
	unsigned max_destinations;
	uint64_t truncated_pairs, truncated_destinations;
};

void pair_set_deinit(struct pair_set *set, struct pair_budget *budget);

/*
 * The pair for connections to `remote`, which the configuration calls `configured` (NULL: it
 * does not). Made when it is new and there is room; else the owner's "other". Never NULL:
 * "other" and configured destinations are exempt from the limits that would leave nothing.
 */
struct pair *pair_find(struct pair_set *set, const struct destination_config *configured,
		       const struct endpoint *remote, double now, struct pair_budget *budget);

/* The pair "other", made when it is new. */
struct pair *pair_find_other(struct pair_set *set, double now, struct pair_budget *budget);

/* A connection was given this pair: counted when that is "other", by which limit it is. */
void pair_budget_charge(struct pair_budget *budget, const struct pair *pair);

/* Before a tick: all counts to 0; pairs that were last used before `oldest` are forgotten. */
void pair_set_begin(struct pair_set *set, double oldest, struct pair_budget *budget);

/* Sorts by label, "other" by its name like the rest. */
void pair_set_sort(struct pair_set *set);
