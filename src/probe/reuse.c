/*
 * A server that says it closes (HTTP/1.0, "Connection: close") is believed: libcurl closes too,
 * so there is no idle connection to begin with. Of one that closes later, its hang-up tells.
 * Bytes that come meanwhile tell nothing, for HTTP/2 servers may send frames at any time; with
 * TLS and HTTP/2 the good-byes are such bytes, and the hang-up follows.
 *
 * The second request goes over this connection or none: were it to come after the server has
 * closed, libcurl would try it once more on a new one (Curl_retry_request() in
 * lib/transfer.c), which transfer.c then does not open. A server that closes only then did not
 * close an unused connection.
 *
 * Who answers the second request allowed it, be the answer too slow, too large or cut short.
 */
#include "probe/reuse.h"

#include <assert.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/memory.h"

struct reuse {
	const struct probe_config *probe;
	struct transfer *transfer;
	struct watch *watch;
	void *owner;
	enum reuse_state state;
	bool watched, hung_up;
	double since; /* when the connection became idle */
	bool unknown; /* what it came to was not the server's doing */
	bool reusable;
	double idle_close;
};

static void stop_watching(struct reuse *reuse)
{
	if (reuse->watched)
		watch_remove(reuse->watch, transfer_socket(reuse->transfer));
	reuse->watched = false;
}

struct reuse *reuse_new(const struct probe_config *probe, struct transfer *transfer,
			struct watch *watch, double now, void *owner)
{
	struct reuse *reuse = memory_new(1, sizeof(*reuse));
	int fd = transfer_socket(transfer);

	*reuse = (struct reuse){
		.probe = probe,
		.transfer = transfer,
		.watch = watch,
		.owner = owner,
		.state = fd < 0 ? REUSE_DONE : REUSE_IDLE,
		.watched = fd >= 0,
		.since = now,
		.idle_close = NAN,
	};
	if (reuse->watched)
		watch_set_flag(watch, fd, EPOLLRDHUP, &reuse->hung_up);
	return reuse;
}

void reuse_free(struct reuse *reuse)
{
	if (!reuse)
		return;
	stop_watching(reuse);
	transfer_free(reuse->transfer);
	free(reuse);
}

enum reuse_state reuse_state(const struct reuse *reuse)
{
	return reuse->state;
}

void *reuse_owner(const struct reuse *reuse)
{
	return reuse->owner;
}

static bool has_hung_up(const struct reuse *reuse)
{
	struct pollfd fd = { .fd = transfer_socket(reuse->transfer), .events = POLLRDHUP };

	return poll(&fd, 1, 0) > 0;
}

void reuse_check(struct reuse *reuse, double now)
{
	bool is_due = now >= reuse->since + reuse->probe->reuse_after;

	if (reuse->state != REUSE_IDLE)
		return;
	if (reuse->hung_up || (is_due && has_hung_up(reuse))) {
		reuse->idle_close = fmax(0, now - reuse->since);
		reuse->state = REUSE_DONE;
	} else if (is_due) {
		reuse->state = REUSE_READY;
	}
	if (reuse->state != REUSE_IDLE)
		stop_watching(reuse);
}

double reuse_deadline(const struct reuse *reuse)
{
	if (reuse->state == REUSE_IDLE)
		return reuse->since + reuse->probe->reuse_after;
	return reuse->state == REUSE_TRANSFER ? INFINITY : 0;
}

void reuse_start(struct reuse *reuse, struct transfers *transfers)
{
	assert(reuse->state == REUSE_READY);
	transfer_start_again(reuse->transfer, transfers, reuse->probe->timeout, reuse);
	reuse->state = REUSE_TRANSFER;
}

/* We were, so that an answer in time may have been overlooked. */
static bool is_late(const struct reuse *reuse, const struct leg *leg)
{
	double timeout = reuse->probe->timeout;

	return leg->total - timeout > outcome_tolerance(timeout);
}

void reuse_finish_leg(struct transfer *transfer)
{
	struct reuse *reuse = transfer_owner(transfer);
	struct leg leg;

	assert(reuse->state == REUSE_TRANSFER);
	transfer_measure(transfer, &leg);
	reuse->reusable = leg.end == LEG_COMPLETE || leg.first_byte > 0;
	reuse->unknown = leg.end == LEG_CONFIG || (leg.end == LEG_TIMEOUT &&
						   leg.first_byte <= 0 && is_late(reuse, &leg));
	reuse->state = REUSE_DONE;
}

void reuse_record(const struct reuse *reuse, struct probe_row *row)
{
	assert(reuse->state == REUSE_DONE);
	if (reuse->unknown)
		return;
	row->reuse_known = true;
	row->reusable = reuse->reusable;
	row->idle_close = reuse->idle_close;
}
