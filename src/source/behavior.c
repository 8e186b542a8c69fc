/*
 * What the kernel counts and when (net/ipv4/tcp.c, tcp_input.c, tcp_output.c, tcp_diag.c):
 *
 * Queues: the receive queue is rcv_nxt - copied_seq, in which the peer's FIN counts as one byte
 * until it is read, which after close(2) it never is; the send queue is write_seq - snd_una, in
 * which our SYN and FIN count as one each. tcpi_bytes_received counts the FIN too.
 *
 * Times: tcpi_last_data_sent and _recv start when the handshake is done (tcp_finish_connect()),
 * whether or not there was data: they bound the age, and only the bytes tell that there was
 * any. Before that they are the time since boot. Sending the same data again renews
 * last_data_sent and counts in tcpi_data_segs_out (__tcp_transmit_skb()), so only a look that
 * finds more bytes than the one before moves our times. Both are read from one clock of 1 to
 * 10 ms: what happened in one beat of it has no order.
 *
 * Who owes whom follows from what grew since the last look. Where both directions grew in one
 * beat, a fast answer and a client that asks again at once look the same, and the state from
 * before stays.
 *
 * The queues are read a moment before the rest and without the socket's lock, so data that
 * comes in between looks read. It does so once, and a queue that is stuck stays stuck.
 *
 * /proc/net/tcp has only the queues. There a queue that grows is taken for one that does not
 * move, as an HTTP/2 connection to a dead peer has it; one that is emptied more slowly than it
 * fills looks stuck until it next shrinks.
 *
 * Reuse: with TLS, two to four segments with data go out before the first request does, all of
 * them in a second unless they wait for the peer. So what is sent after a second in which
 * nobody was waited for is another request; and so is, for clients that always wait, what is
 * sent ten seconds after the first. An upload of more than a second may look like reuse, and
 * what a program sends to keep a connection alive does.
 */
#include "source/behavior.h"

#include <math.h>

#define REUSE_SILENCE 1.0 /* seconds */
#define REUSE_LATE 10.0
#define OPENING_SEGMENTS 6 /* of data; a handshake and a request take no more */

static bool fin_was_received(enum tcp_state state)
{
	return state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_LAST_ACK ||
	       state == TCP_STATE_CLOSING;
}

static bool control_waits(enum tcp_state state)
{
	return state == TCP_STATE_SYN_SENT || state == TCP_STATE_FIN_WAIT1 ||
	       state == TCP_STATE_LAST_ACK || state == TCP_STATE_CLOSING;
}

static uint32_t without(uint32_t queue, bool has_control)
{
	return queue - (has_control && queue);
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool is_awaiting(const struct behavior *behavior, const struct behavior *before,
			const struct socket_info *info)
{
	bool sent = behavior->sent > before->sent;
	bool received = behavior->received > before->received;

	if (sent != received)
		return sent;
	if (!sent || info->since_sent == info->since_received)
		return before->awaiting;
	return info->since_sent < info->since_received;
}

/* Whether what was sent since the look before is another request than the first one. */
static bool is_reuse(const struct behavior *behavior, const struct behavior *before)
{
	double silent_since = fmax(before->last_sent, before->last_received);

	if (!before->sent || behavior->sent == before->sent)
		return false;
	if (before->awaiting)
		silent_since = behavior->received > before->received ? behavior->last_received :
								       NAN;
	return behavior->last_sent - silent_since >= REUSE_SILENCE ||
	       behavior->last_sent - before->first_sent >= REUSE_LATE;
}

static double newest_time(double before, bool grew, uint64_t bytes, double time)
{
	return grew || (bytes && isnan(before)) ? time : before;
}

static void look_at_times(struct behavior *behavior, const struct behavior *before,
			  const struct socket_info *info, double now)
{
	bool sent = behavior->sent > before->sent;
	bool received = behavior->received > before->received;

	if (behavior->state == TCP_STATE_SYN_SENT)
		return;
	behavior->last_sent =
		newest_time(before->last_sent, sent, behavior->sent, now - info->since_sent);
	behavior->last_received = newest_time(before->last_received, received,
					      behavior->received, now - info->since_received);
	if (isnan(behavior->first_sent))
		behavior->first_sent = behavior->last_sent;
}

static void look_at_info(struct behavior *behavior, const struct behavior *before,
			 const struct socket_row *row, double now)
{
	const struct socket_info *info = &row->info;
	uint64_t received = difference(info->received, fin_was_received(row->state));

	behavior->sent = larger(before->sent, info->sent);
	behavior->received = larger(before->received, received);
	behavior->read = difference(info->received, row->receive_queue);
	behavior->acknowledged = info->acknowledged;
	behavior->retransmits = info->retransmits;
	behavior->round_trip = (float)info->round_trip;
	look_at_times(behavior, before, info, now);
	behavior->awaiting = is_awaiting(behavior, before, info);
	if (before->has_base)
		behavior->reused |= is_reuse(behavior, before);
	else
		behavior->reused = difference(info->data_segments_out, info->retransmits) >
				   OPENING_SEGMENTS;
	behavior->has_base = true;
}

static double since(double before, uint32_t queue, bool moved, double now)
{
	if (!queue)
		return NAN;
	return moved || isnan(before) ? now : before;
}

static void look_at_queues(struct behavior *behavior, const struct behavior *before, double now)
{
	bool read = behavior->receive_queue < before->receive_queue;
	bool acknowledged = behavior->send_queue < before->send_queue;

	if (behavior->known && before->known) {
		read = behavior->read != before->read;
		acknowledged = behavior->acknowledged != before->acknowledged;
	}
	behavior->unread_since =
		since(before->unread_since, behavior->receive_queue, read, now);
	behavior->unsent_since =
		since(before->unsent_since, behavior->send_queue, acknowledged, now);
}

static void look_at_age(struct behavior *behavior, const struct socket_row *row, double now)
{
	double age = row->has_info ? fmax(row->info.since_sent, row->info.since_received) : 0;

	if (row->state != TCP_STATE_SYN_SENT)
		behavior_set_established(behavior, now - age);
}

static struct behavior_change change_since(const struct behavior *behavior,
					   const struct behavior *before)
{
	if (!before->has_base)
		return (struct behavior_change){ 0 };
	return (struct behavior_change){
		.sent = behavior->sent - before->sent,
		.received = behavior->received - before->received,
		.retransmits = difference(behavior->retransmits, before->retransmits),
	};
}

void behavior_init(struct behavior *behavior, const struct socket_row *row, double now,
		   bool whole, struct behavior_change *ret_change)
{
	*behavior = (struct behavior){
		.first_seen = now,
		.established = NAN,
		.first_sent = NAN,
		.last_sent = NAN,
		.last_received = NAN,
		.unread_since = NAN,
		.unsent_since = NAN,
		.has_base = whole,
	};
	behavior_update(behavior, row, now, ret_change);
}

void behavior_update(struct behavior *behavior, const struct socket_row *row, double now,
		     struct behavior_change *ret_change)
{
	struct behavior before = *behavior;

	behavior->state = row->state;
	behavior->timer = (uint8_t)row->timer;
	behavior->backoff = row->backoff;
	behavior->known = row->has_info;
	behavior->receive_queue = without(row->receive_queue, fin_was_received(row->state));
	behavior->send_queue = without(row->send_queue, control_waits(row->state));
	if (row->has_info)
		look_at_info(behavior, &before, row, now);
	look_at_queues(behavior, &before, now);
	look_at_age(behavior, row, now);
	*ret_change = change_since(behavior, &before);
}

void behavior_set_established(struct behavior *behavior, double time)
{
	behavior->established = fmin(behavior->established, time);
}

double behavior_age(const struct behavior *behavior, double now)
{
	return fmax(now - behavior->established, 0); /* 0 for NAN */
}

bool behavior_is_idle(const struct behavior *behavior, double now, double after)
{
	double active = fmax(behavior->last_sent, behavior->last_received);

	return behavior->state == TCP_STATE_ESTABLISHED && behavior->known &&
	       !behavior->receive_queue && !behavior->send_queue && !behavior->awaiting &&
	       now - fmax(active, behavior->established) >= after;
}

bool behavior_is_awaiting(const struct behavior *behavior)
{
	return behavior->state == TCP_STATE_ESTABLISHED && behavior->known &&
	       behavior->awaiting;
}

double behavior_waited(const struct behavior *behavior, double now)
{
	return fmax(now - behavior->last_sent, 0);
}

bool behavior_is_unread(const struct behavior *behavior, double now, double after)
{
	return now - behavior->unread_since >= after;
}

bool behavior_is_send_stalled(const struct behavior *behavior, double now, double after)
{
	return behavior->state != TCP_STATE_SYN_SENT && now - behavior->unsent_since >= after;
}

bool behavior_is_used_once(const struct behavior *behavior)
{
	return behavior->known && behavior->sent && !behavior->reused;
}
