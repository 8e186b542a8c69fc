/* What is known about one configured probe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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

/* Sorted by destination. */
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
