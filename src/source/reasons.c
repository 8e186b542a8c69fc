/*
 * The report has no socket in it, but the endpoints, which at that moment are still those
 * of the failure. Both are made by one CPU in one go, microseconds apart unless the CPU is
 * taken away from the kernel:
 * - a RST, and since Linux 6.11 (tcp_done_with_error()) everything: first the change of
 *   state, then the report, which is left out when the program has closed the socket;
 * - before, a timeout (tcp_write_err()) and an ICMP message (tcp_v4_err()): the other way
 *   round.
 *
 * A failure waits in a queue and in the chain of its bucket, so that joining is exact
 * however many wait. For reports that come early there is one place per hash: the next one
 * takes it, and only what happens between a report and its failure could do harm.
 */
#include "source/reasons.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define GRACE 0.2 /* seconds between the two */

void reasons_init(struct reasons *reasons)
{
	*reasons = (struct reasons){ .base = 1 };
}

void reasons_deinit(struct reasons *reasons)
{
	free(reasons->items);
	reasons->items = NULL;
}

/*
 * EACCES and EPROTO are what firewalls and routers answer in IPv6 (net/ipv6/icmp.c,
 * icmpv6_err_convert()), ENOPROTOOPT and ENONET in IPv4 (net/ipv4/icmp.c, icmp_err_convert).
 */
static enum connect_failure reason_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return CONNECT_REFUSED;
	case ECONNRESET:
		return CONNECT_RESET;
	case ETIMEDOUT:
		return CONNECT_TIMED_OUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case ENONET:
	case ENOPROTOOPT:
	case EACCES:
	case EPROTO:
		return CONNECT_UNREACHABLE;
	case EADDRNOTAVAIL:
		return CONNECT_LOCAL_PORTS;
	default:
		return CONNECT_UNKNOWN;
	}
}

static uint64_t hash(const struct endpoint *local, const struct endpoint *remote)
{
	uint64_t seed = hash_seed() ^ ((uint64_t)local->port << 16 | remote->port);

	seed = hash_bytes(local->address.byte, sizeof(local->address.byte), seed);
	return hash_bytes(remote->address.byte, sizeof(remote->address.byte), seed);
}

static uint64_t *bucket_of(struct reasons *reasons, const struct endpoint *local,
			   const struct endpoint *remote)
{
	return &reasons->newest[hash(local, remote) % REASONS_BUCKETS];
}

static struct early_report *early_place(struct reasons *reasons, const struct endpoint *local,
					const struct endpoint *remote)
{
	return &reasons->early[hash(local, remote) % REASONS_EARLY];
}

/* NULL: it no longer waits, and neither do older ones. */
static struct waiting *at_number(struct reasons *reasons, uint64_t number)
{
	return number < reasons->base + reasons->first ?
		       NULL :
		       &reasons->items[number - reasons->base];
}

static void enqueue(struct reasons *reasons, const struct news *failure)
{
	uint64_t *newest = bucket_of(reasons, &failure->local, &failure->remote);

	reasons->items = memory_grow(reasons->items, &reasons->capacity, reasons->count + 1,
				     sizeof(*reasons->items));
	reasons->items[reasons->count] =
		(struct waiting){ .failure = *failure, .older = *newest };
	*newest = reasons->base + reasons->count++;
}

bool reasons_take_failure(struct reasons *reasons, struct news *failure)
{
	struct early_report *early = early_place(reasons, &failure->local, &failure->remote);

	if (early->error && failure->time - early->time <= GRACE &&
	    endpoint_equal(&early->local, &failure->local) &&
	    endpoint_equal(&early->remote, &failure->remote)) {
		failure->reason = reason_of(early->error);
		early->error = 0;
		return true;
	}
	enqueue(reasons, failure);
	return false;
}

/* The newest, mostly the last of all, is taken off; one in the middle stays as known. */
static void finish(struct reasons *reasons, struct waiting *waiting)
{
	const struct news *failure = &waiting->failure;

	waiting->known = true;
	if (waiting != &reasons->items[reasons->count - 1])
		return;
	*bucket_of(reasons, &failure->local, &failure->remote) = waiting->older;
	reasons->count--;
}

/* The newest failure between these endpoints. */
static struct waiting *find(struct reasons *reasons, const struct tcp_event *report)
{
	struct waiting *waiting =
		at_number(reasons, *bucket_of(reasons, &report->local, &report->remote));

	while (waiting &&
	       (waiting->known || !endpoint_equal(&waiting->failure.local, &report->local) ||
		!endpoint_equal(&waiting->failure.remote, &report->remote)))
		waiting = at_number(reasons, waiting->older);
	return waiting && report->time - waiting->failure.time <= GRACE ? waiting : NULL;
}

bool reasons_take_report(struct reasons *reasons, const struct tcp_event *report,
			 struct news *ret_failure)
{
	struct waiting *waiting = find(reasons, report);

	if (!waiting) {
		*early_place(reasons, &report->local, &report->remote) =
			(struct early_report){ .local = report->local,
					       .remote = report->remote,
					       .time = report->time,
					       .error = report->error };
		return false;
	}
	*ret_failure = waiting->failure;
	ret_failure->reason = reason_of(report->error);
	finish(reasons, waiting);
	return true;
}

/* Numbers stay what they are. */
static void close_up(struct reasons *reasons)
{
	if (reasons->first < reasons->count && reasons->first < reasons->capacity / 2)
		return;
	reasons->count -= reasons->first;
	if (reasons->count)
		memmove(reasons->items, reasons->items + reasons->first,
			reasons->count * sizeof(*reasons->items));
	reasons->base += reasons->first;
	reasons->first = 0;
}

bool reasons_settle(struct reasons *reasons, double until, struct news *ret_failure)
{
	while (reasons->first < reasons->count) {
		const struct waiting *waiting = &reasons->items[reasons->first];

		if (!waiting->known && until - waiting->failure.time <= GRACE)
			break;
		reasons->first++;
		if (waiting->known)
			continue;
		*ret_failure = waiting->failure;
		ret_failure->reason = CONNECT_CANCELED;
		return true;
	}
	close_up(reasons);
	return false;
}
