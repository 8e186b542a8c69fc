/*
 * One look at everything: flat sorted arrays in one arena, referring to each other by index,
 * unchanged after the tick that made it. Rendered from, then kept as the previous one.
 */
#pragma once

#include "base/arena.h"
#include "model/rows.h"

/* A limit that was reached; the `what` label of outbound_exporter_truncated_total. */
enum truncated {
	TRUNCATED_TARGETS, /* max_targets: the process counts under the target "other" */
	TRUNCATED_DESTINATIONS, /* max_destinations: the connection counts under "other" */
	TRUNCATED_PAIRS, /* max_pairs: likewise */
	TRUNCATED_CONNECTIONS, /* max_connections: the connection was not counted at all */
	TRUNCATED_SERIES, /* max_series: samples that were left off the page */
	TRUNCATED_CMDLINES, /* expressions took too long, and do not match */
	TRUNCATED_COUNT,
};
const char *truncated_name(enum truncated what);

/* About this program itself. */
struct self_row {
	uint64_t truncated[TRUNCATED_COUNT]; /* since start */
	uint64_t unreadable[UNREADABLE_COUNT]; /* processes of the host, in this tick */
	bool reload_successful;
	double reload_success_time; /* seconds since 1970 */
	uint64_t unresolved_names; /* host names without an address now */
	double resolver_threads; /* in look-ups of names, given up ones too; NAN: unknown */
	/* Events of the kernel, since start: */
	uint64_t lost_events; /* the kernel had no room for them */
	uint64_t unattributed_connects; /* by a process that ended before it was looked at */
	uint64_t event_suspensions; /* above max_event_rate */
	double cpu_seconds, start_time; /* NAN: unknown, as below */
	double resident_bytes, virtual_bytes, open_fds, max_fds, threads;
};

struct snapshot {
	struct arena arena;
	double wall, monotonic; /* when the tick began; seconds */
	struct process_row *processes;
	size_t process_count;
	struct target_row *targets;
	size_t target_count;
	struct pair_row *pairs;
	size_t pair_count;
	struct netns_row *namespaces;
	size_t netns_count;
	struct netns_pair_row *netns_pairs;
	size_t netns_pair_count;
	struct source_row *sources;
	size_t source_count;
	bool has_events; /* opened, failed and closed connections are counted exactly */
	struct probe_row *probes;
	size_t probe_count;
	struct own_connection *own; /* connections of this program, newest last */
	size_t own_count;
	struct self_row self;
};

struct snapshot *snapshot_new(double wall, double monotonic);
void snapshot_free(struct snapshot *snapshot); /* takes NULL */
