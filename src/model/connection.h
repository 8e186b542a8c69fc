/*
 * What is counted of the connections of one target to one destination.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/tcp.h"

/* Why a connection never reached ESTABLISHED; a closed list, the `reason` label. */
enum connect_failure {
	CONNECT_REFUSED, /* ECONNREFUSED */
	CONNECT_RESET, /* ECONNRESET */
	CONNECT_TIMED_OUT, /* ETIMEDOUT: no SYN was ever answered */
	CONNECT_UNREACHABLE, /* EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, … */
	CONNECT_LOCAL_PORTS, /* EADDRNOTAVAIL: none was left */
	CONNECT_CANCELED, /* the program gave up first */
	CONNECT_UNKNOWN, /* the kernel did not say, or nobody listened to it */
	CONNECT_FAILURE_COUNT,
};
const char *connect_failure_name(enum connect_failure failure);

/* As they are in one tick. */
struct connection_gauges {
	uint32_t connections[TCP_STATE_COUNT];
	uint64_t receive_queue, send_queue; /* bytes of payload */
	bool lacks_info; /* of an open connection: the next are not known, then */
	/* Of open connections, by tcp_info: */
	uint32_t idle, used_once, awaiting;
	double oldest_awaiting; /* seconds; 0: none */
	double round_trip_sum; /* seconds */
	uint32_t round_trip_count;
	/* By the queues and our own clock: */
	uint32_t unread, send_stalled;
	double oldest_age; /* seconds; 0: none */
};

/* Upper bounds of the buckets, without +Inf. */
#define CONNECTION_BUCKET_COUNT 6
extern const double connect_buckets[CONNECTION_BUCKET_COUNT];
extern const double lifetime_buckets[CONNECTION_BUCKET_COUNT];

struct connection_histogram {
	uint64_t counts[CONNECTION_BUCKET_COUNT + 1]; /* not cumulative; the last is the rest */
	double sum; /* seconds */
};
void connection_histogram_add(struct connection_histogram *histogram,
			      const double bounds[static CONNECTION_BUCKET_COUNT],
			      double value);

/* Since the pair exists; they never go back. */
struct connection_counters {
	uint64_t opened; /* reached ESTABLISHED */
	uint64_t closed; /* left ESTABLISHED and CLOSE_WAIT */
	uint64_t failed[CONNECT_FAILURE_COUNT];
	uint64_t sent, received; /* bytes of payload */
	uint64_t retransmits; /* segments */
	struct connection_histogram connect, lifetime; /* seconds */
};
