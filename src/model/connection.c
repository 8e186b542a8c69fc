#include "model/connection.h"

#include <assert.h>

/* A SYN is sent again after 1 s, then after 2 more (net/ipv4/tcp_timer.c). */
const double connect_buckets[CONNECTION_BUCKET_COUNT] = { 0.001, 0.01, 0.1, 1, 3, 10 };
const double lifetime_buckets[CONNECTION_BUCKET_COUNT] = { 0.1, 1, 10, 60, 600, 3600 };

static const char *const failure_names[CONNECT_FAILURE_COUNT] = {
	[CONNECT_REFUSED] = "refused",	       [CONNECT_RESET] = "reset",
	[CONNECT_TIMED_OUT] = "timed_out",     [CONNECT_UNREACHABLE] = "unreachable",
	[CONNECT_LOCAL_PORTS] = "local_ports", [CONNECT_CANCELED] = "canceled",
	[CONNECT_UNKNOWN] = "unknown",
};

const char *connect_failure_name(enum connect_failure failure)
{
	assert(failure < CONNECT_FAILURE_COUNT);
	return failure_names[failure];
}

void connection_histogram_add(struct connection_histogram *histogram,
			      const double bounds[static CONNECTION_BUCKET_COUNT], double value)
{
	unsigned at = 0;

	while (at < CONNECTION_BUCKET_COUNT && value > bounds[at])
		at++;
	histogram->counts[at]++;
	histogram->sum += value;
}
