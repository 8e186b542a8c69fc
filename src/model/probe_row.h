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
	PROBE_HEADER, /* of the answer, is not as the module wants it */
	PROBE_BODY, /* likewise; and what was said in a conversation over TCP */
	PROBE_HTTP_VERSION,
	PROBE_TLS_MISSING, /* fail_if_not_ssl, fail_if_ssl */
	PROBE_TLS_UNWANTED,
	PROBE_CLOSED_EARLY,
	PROBE_TOO_LARGE,
	PROBE_REDIRECTS,
	PROBE_PROTOCOL, /* not HTTP, or broken HTTP */
	PROBE_PROXY, /* the proxy refused, or is not one */
	PROBE_LOCAL_PORTS,
	PROBE_CANCELED, /* the target whose view it was taken from is gone */
	PROBE_CONFIG, /* a file or variable that the module names cannot be read, or it has an
			 expression that takes too long */
	PROBE_OTHER,
	PROBE_REASON_COUNT,
};

/* Upper bounds of the buckets of outbound_probe_duration_seconds, without +Inf. */
#define PROBE_BUCKET_COUNT 11
extern const double probe_buckets[PROBE_BUCKET_COUNT];
const char *probe_phase_name(enum probe_phase phase);
const char *probe_reason_name(enum probe_reason reason);

enum probe_view {
	PROBE_VIEW_OWN, /* it asks from this program's network namespace */
	PROBE_VIEW_TAKEN, /* from the target's */
	PROBE_VIEW_MISSING, /* it would: no process of the target is there, or no right to */
};

/* Sorted by destination, then by target. */
struct probe_row {
	const char *destination;
	const char *target; /* whose view it is; NULL: this program's */
	enum probe_view view;
	uint64_t runs, failures[PROBE_REASON_COUNT];
	uint64_t missed; /* runs that were due, and were left out or told nothing */
	uint64_t buckets[PROBE_BUCKET_COUNT + 1]; /* not cumulative; the last is the rest */
	double duration_sum; /* seconds, of all runs */
	/* Of the newest run that was not canceled; meaningful when timestamp > 0. */
	bool success;
	double duration, timestamp; /* seconds; seconds since 1970, when it ended */
	double phases[PROBE_PHASE_COUNT]; /* seconds; 0 for a phase that was not reached */
	unsigned http_status; /* 0: no answer, or not HTTP */
	double tls_expiry; /* earliest of the chain, seconds since 1970; NAN: no TLS */
	/* Of the newest second request on the connection of a first one: */
	bool reuse_known, reusable; /* whether there was one, and was answered */
	double idle_close; /* seconds until the server closed it unused; NAN: it did not */
};
