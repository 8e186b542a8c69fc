/*
 * Rows: what the kernel and the probes said, as flat data. A row holds no conclusion. Strings
 * belong to the arena of the snapshot the row is in.
 *
 * A number that could not be read is NAN (or `known` is false), never 0.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "model/tcp.h"

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
	uint32_t connections[TCP_STATE_COUNT];
	uint64_t receive_queue, send_queue; /* bytes */
};

/* Outbound connections without an owner (inode 0), by namespace. Sorted. */
struct unowned_row {
	const char *netns; /* "host", "self" or the namespace's inode number */
	const char *destination;
	uint32_t connections[TCP_STATE_COUNT];
};

/* A place the kernel tells us things, as it went this time. In the order of the list. */
struct source_row {
	const char *name;
	bool up;
	double duration; /* seconds of wall clock in this tick */
};

enum probe_phase {
	PROBE_PHASE_RESOLVE,
	PROBE_PHASE_CONNECT,
	PROBE_PHASE_TLS,
	PROBE_PHASE_PROCESSING, /* request sent until the first byte of the answer */
	PROBE_PHASE_TRANSFER,
	PROBE_PHASE_COUNT,
};

/* Why a probe failed; a closed list, the `reason` label. */
enum probe_reason {
	PROBE_DNS_NOT_FOUND,
	PROBE_DNS_TIMEOUT,
	PROBE_DNS_FAILED,
	PROBE_REFUSED,
	PROBE_RESET,
	PROBE_CONNECT_TIMEOUT,
	PROBE_UNREACHABLE,
	PROBE_TLS_HANDSHAKE,
	PROBE_TLS_CERTIFICATE,
	PROBE_TLS_EXPIRED,
	PROBE_NO_ANSWER, /* connected, asked, not one byte in time */
	PROBE_SLOW, /* bytes came, the end did not in time */
	PROBE_STATUS,
	PROBE_BODY,
	PROBE_CLOSED_EARLY,
	PROBE_TOO_LARGE,
	PROBE_REDIRECTS,
	PROBE_PROTOCOL, /* not HTTP, or broken HTTP */
	PROBE_LOCAL_PORTS,
	PROBE_CANCELED,
	PROBE_OTHER,
	PROBE_REASON_COUNT,
};

/* Upper bounds of the buckets of outbound_probe_duration_seconds, without +Inf. */
#define PROBE_BUCKET_COUNT 11
extern const double probe_buckets[PROBE_BUCKET_COUNT];
const char *probe_phase_name(enum probe_phase phase);
const char *probe_reason_name(enum probe_reason reason);

/* What is known about one configured probe. Sorted by destination. */
struct probe_row {
	const char *destination;
	uint64_t runs, failures[PROBE_REASON_COUNT];
	uint64_t missed; /* runs that were due while the last one was still going on */
	uint64_t buckets[PROBE_BUCKET_COUNT + 1]; /* not cumulative; the last is the rest */
	double duration_sum; /* seconds, of all runs */
	/* Of the newest run; meaningful when runs > 0. */
	bool success;
	double duration, timestamp; /* seconds; seconds since 1970, when it ended */
	double phases[PROBE_PHASE_COUNT]; /* seconds; 0 for a phase that was not reached */
	unsigned http_status; /* 0: no answer, or not HTTP */
	double tls_expiry; /* earliest of the chain, seconds since 1970; NAN: no TLS */
};

/* A connection of this program itself, to be counted as nobody's. */
struct own_connection {
	struct endpoint local, remote;
};
