/*
 * What is followed is kept by the kernel's address of the socket, 32 bytes each in a table
 * at most half full. Endpoints are not kept: the event that ends an attempt or a connection
 * still has them. Once something ended, or was never seen to begin (connections from before
 * the start, inbound ones, those of nobody's interest), an event costs one look-up.
 *
 * tcp_v4_connect() and tcp_v6_connect() go to SYN_SENT before a local port is chosen, in
 * the thread that connects, and back to CLOSE when none is left (net/ipv4/tcp_ipv4.c). Then
 * no error is reported, and the port is still 0. What cannot be told from the program
 * giving up: a port that it had bound itself, and that is taken.
 *
 * SYN_SENT→SYN_RECV is a simultaneous open, which a socket connected to itself is, too. The
 * peer exists, and ESTABLISHED follows with its next segment, whose record is left out
 * because every inbound connection makes it: it counts as opened here.
 *
 * A connection is closed when it leaves ESTABLISHED and CLOSE_WAIT, whoever closes it. The
 * kernel uses the address of a freed socket again, but only a CLOSE→SYN_SENT begins
 * something.
 *
 * Nothing is recorded of a connect(2) that fails before it changes the state: no descriptor
 * left, no route (ENETUNREACH, and EHOSTUNREACH by a route of type unreachable), EACCES by
 * a filter.
 */
#include "source/attempt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "source/reasons.h"

#define MIN_CAPACITY ((size_t)64)

struct followed {
	uint64_t socket; /* 0: a free slot */
	double started, opened;
	pid_t process;
	bool open;
};

struct attempts {
	struct followed *slots;
	size_t count, capacity, max; /* the capacity is 0 or a power of two */
	bool has_errors;
	bool (*ignores)(void *context, pid_t process);
	void *context;
	struct reasons reasons;
	struct news_list news;
	uint64_t dropped;
};

struct attempts *attempts_new(size_t max, bool has_errors,
			      bool (*ignores)(void *context, pid_t process), void *context)
{
	struct attempts *attempts = memory_new(1, sizeof(*attempts));

	attempts->max = max;
	attempts->has_errors = has_errors;
	attempts->ignores = ignores;
	attempts->context = context;
	attempts->capacity = MIN_CAPACITY;
	attempts->slots = memory_new(attempts->capacity, sizeof(*attempts->slots));
	reasons_init(&attempts->reasons);
	return attempts;
}

void attempts_free(struct attempts *attempts)
{
	if (!attempts)
		return;
	reasons_deinit(&attempts->reasons);
	free(attempts->news.items);
	free(attempts->slots);
	free(attempts);
}

struct news_list *attempts_news(struct attempts *attempts)
{
	return &attempts->news;
}

uint64_t attempts_dropped(const struct attempts *attempts)
{
	return attempts->dropped;
}

static size_t home_of(const struct attempts *attempts, uint64_t socket)
{
	return hash_bytes(&socket, sizeof(socket), hash_seed()) & (attempts->capacity - 1);
}

/* Its slot, or the free one where it would be. */
static struct followed *find(const struct attempts *attempts, uint64_t socket)
{
	size_t at = home_of(attempts, socket);

	while (attempts->slots[at].socket && attempts->slots[at].socket != socket)
		at = (at + 1) & (attempts->capacity - 1);
	return &attempts->slots[at];
}

static void grow(struct attempts *attempts)
{
	struct followed *old = attempts->slots;
	size_t count = attempts->capacity;

	attempts->capacity *= 2;
	attempts->slots = memory_new(attempts->capacity, sizeof(*attempts->slots));
	for (size_t i = 0; i < count; i++) {
		if (old[i].socket)
			*find(attempts, old[i].socket) = old[i];
	}
	free(old);
}

/* Closes the gap: what stands behind it and would be looked for before it moves up. */
static void erase(struct attempts *attempts, const struct followed *followed)
{
	size_t mask = attempts->capacity - 1;
	size_t gap = (size_t)(followed - attempts->slots);

	for (size_t at = (gap + 1) & mask; attempts->slots[at].socket; at = (at + 1) & mask) {
		size_t home = home_of(attempts, attempts->slots[at].socket);

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		attempts->slots[gap] = attempts->slots[at];
		gap = at;
	}
	attempts->slots[gap] = (struct followed){ 0 };
	attempts->count--;
}

static void tell(struct attempts *attempts, const struct news *news)
{
	struct news_list *list = &attempts->news;

	list->items = memory_grow(list->items, &list->capacity, list->count + 1,
				  sizeof(*list->items));
	list->items[list->count++] = *news;
}

static struct news make_news(enum news_kind kind, const struct followed *followed,
			     const struct tcp_event *event)
{
	return (struct news){ .kind = kind,
			      .process = followed->process,
			      .started = followed->started,
			      .time = event->time,
			      .established = followed->opened,
			      .local = event->local,
			      .remote = event->remote };
}

static void begin(struct attempts *attempts, const struct tcp_event *event)
{
	struct followed *slot = find(attempts, event->socket);
	bool ignored = attempts->ignores &&
		       attempts->ignores(attempts->context, event->process);

	if (slot->socket)
		erase(attempts, slot);
	if (ignored)
		return;
	if (attempts->count >= attempts->max) {
		attempts->dropped++;
		return;
	}
	if (2 * (attempts->count + 1) > attempts->capacity)
		grow(attempts);
	*find(attempts, event->socket) = (struct followed){ .socket = event->socket,
							    .started = event->time,
							    .process = event->process };
	attempts->count++;
}

static void fail(struct attempts *attempts, const struct followed *followed,
		 const struct tcp_event *event)
{
	struct news news = make_news(NEWS_FAILED, followed, event);
	bool known = true;

	if (!news.local.port)
		news.reason = CONNECT_LOCAL_PORTS;
	else if (!attempts->has_errors)
		news.reason = CONNECT_UNKNOWN;
	else
		known = reasons_take_failure(&attempts->reasons, &news);
	if (known)
		tell(attempts, &news);
}

static void open_or_fail(struct attempts *attempts, struct followed *followed,
			 const struct tcp_event *event)
{
	struct news news;

	if (event->to != TCP_STATE_ESTABLISHED && event->to != TCP_STATE_SYN_RECV) {
		fail(attempts, followed, event);
		erase(attempts, followed);
		return;
	}
	followed->open = true;
	followed->opened = event->time;
	news = make_news(NEWS_OPENED, followed, event);
	tell(attempts, &news);
}

/* Of a state that does not follow from what was seen, the beginning was missed. */
static void change(struct attempts *attempts, const struct tcp_event *event)
{
	struct followed *followed = find(attempts, event->socket);
	struct news news;

	if (!followed->socket)
		return;
	if (!followed->open && event->from == TCP_STATE_SYN_SENT) {
		open_or_fail(attempts, followed, event);
		return;
	}
	if (followed->open &&
	    (event->to == TCP_STATE_ESTABLISHED || event->to == TCP_STATE_CLOSE_WAIT))
		return;
	if (followed->open && event->from != TCP_STATE_SYN_SENT) {
		news = make_news(NEWS_CLOSED, followed, event);
		tell(attempts, &news);
	}
	erase(attempts, followed);
}

static void report(struct attempts *attempts, const struct tcp_event *event)
{
	struct news failure;

	if (reasons_take_report(&attempts->reasons, event, &failure))
		tell(attempts, &failure);
}

void attempts_feed(struct attempts *attempts, const struct tcp_events *events, double until)
{
	struct news failure;

	for (size_t i = 0; i < events->count; i++) {
		const struct tcp_event *event = &events->items[i];

		if (!event->socket)
			report(attempts, event);
		else if (event->from == TCP_STATE_CLOSE && event->to == TCP_STATE_SYN_SENT)
			begin(attempts, event);
		else
			change(attempts, event);
	}
	while (reasons_settle(&attempts->reasons, until, &failure))
		tell(attempts, &failure);
}

void attempts_forget(struct attempts *attempts)
{
	struct news failure;

	memset(attempts->slots, 0, attempts->capacity * sizeof(*attempts->slots));
	attempts->count = 0;
	while (reasons_settle(&attempts->reasons, INFINITY, &failure)) {
		failure.reason = CONNECT_UNKNOWN;
		tell(attempts, &failure);
	}
}
