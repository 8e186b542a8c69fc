/*
 * Rows: what the kernel and the probes said, as flat data. A row holds no conclusion. Strings
 * belong to the arena of the snapshot the row is in.
 *
 * A number that could not be read is NAN (or `known` is false), never 0.
 */
#pragma once

#include <sys/types.h>

#include "base/address.h"
#include "model/connection.h"
#include "model/history.h"
#include "model/probe_row.h"

/* Why a process could not be read; the `reason` label of unreadable processes. */
enum unreadable {
	UNREADABLE_PERMISSION, /* EACCES, EPERM */
	UNREADABLE_DESCRIPTORS, /* EMFILE, ENFILE: this exporter ran out of its own */
	UNREADABLE_ERROR, /* anything else but "it is gone", which is no failure */
	UNREADABLE_COUNT,
};
const char *unreadable_name(enum unreadable reason);

/* One process that belongs to a target. Sorted by target, then pid. */
struct process_row {
	pid_t pid, parent;
	uint64_t start_ticks; /* since boot, USER_HZ; with the pid: who it is */
	const char *comm;
	uint32_t target; /* index into snapshot.targets */
	uint32_t threads;
	double resident_bytes;
	double start_time; /* seconds since 1970 */
	double open_fds, max_fds; /* NAN: unknown */
	double open_sockets; /* NAN: unknown */
	uint64_t netns; /* inode; 0: unknown */
	bool readable; /* its descriptors, hence its connections, could be seen */
	enum unreadable unreadable; /* if not readable */
};

/* A group of processes under one name. Sorted by name. */
struct target_row {
	const char *name;
	uint32_t processes;
	uint32_t unreadable[UNREADABLE_COUNT];
	uint32_t threads;
	double open_fds, max_fds, worst_fd_ratio; /* NAN: unknown */
	double open_sockets; /* NAN: unknown */
	double resident_bytes;
	double oldest_start_time; /* seconds since 1970; NAN without processes */
};

/* The connections of one target to one destination. Sorted by target, then destination. */
struct pair_row {
	uint32_t target; /* index into snapshot.targets */
	const char *destination;
	bool configured; /* the destination is, by name */
	struct connection_gauges gauges;
	struct connection_counters counters;
	const struct history *history; /* the pair's own; changes with the next tick */
};

/* A network namespace that watched processes live in. Sorted by label. */
struct netns_row {
	const char *name; /* "host", "self", or the namespace's inode number */
	const char *source; /* of its connections: "sock_diag", "procfs"; NULL: not read */
	double local_ports; /* to choose from for a connection; NAN: unknown */
};

/* A destination as seen from a namespace, whoever connects to it. Sorted. */
struct netns_pair_row {
	const char *netns;
	const char *destination;
	bool has_unowned, has_all, has_ports;
	/* Connections that no process owns (inode 0) and no target is known for. */
	uint32_t unowned[TCP_STATE_COUNT];
	/* Of all processes; where those of a target could not be told from the rest. */
	uint32_t all[TCP_STATE_COUNT];
	/* Local ports in use towards it: towards that of its endpoints with the most. */
	uint32_t local_ports;
};

/* A place the kernel tells us things, as it went this time. In the order of the list. */
struct source_row {
	const char *name;
	bool up;
	double duration; /* seconds of wall clock in this tick */
};

/* A connection of this program itself, to be counted as nobody's. */
struct own_connection {
	struct endpoint local, remote;
	uint64_t netns; /* inode of the namespace it is in; 0: this program's */
};
