/*
 * What is remembered of one connection from look to look, and what follows from it: its age,
 * whether it is idle, waits for an answer, or holds data that nobody takes. Pure: rows and
 * times in, numbers out.
 */
#pragma once

#include "source/socket.h"

struct behavior {
	double first_seen; /* monotonic seconds, as all times here */
	double established; /* when, as far as is known: at the latest; NAN: it never was */
	double first_sent; /* likewise, payload; NAN: none, or not known */
	double last_sent, last_received; /* payload; NAN: none, or not known */
	double unread_since; /* there is something, and it was not read; NAN: there is not */
	double unsent_since; /* likewise not acknowledged */
	uint64_t sent, received; /* bytes of payload, as of the newest look that knew */
	uint64_t read, acknowledged; /* likewise; what moves in the queues */
	uint32_t retransmits;
	uint32_t receive_queue, send_queue; /* bytes of payload */
	float round_trip; /* seconds; 0: not measured */
	uint8_t timer; /* enum socket_timer, as of the newest look */
	uint8_t backoff; /* how often that ran out in a row */
	enum tcp_state state;
	bool known; /* tcp_info was there: bytes, idle time and waiting are known */
	bool has_base; /* what more the next look finds was not there before */
	bool awaiting; /* something was sent, and nothing received since */
	bool reused; /* it sent again after a second of silence, or for more than ten */
};

/* What a connection did since the last look. */
struct behavior_change {
	uint64_t sent, received; /* bytes of payload */
	uint64_t retransmits; /* segments */
};

/*
 * A connection seen for the first time. `whole`: it was opened while we watched, so all its
 * bytes are new; else they were there before.
 */
void behavior_init(struct behavior *behavior, const struct socket_row *row, double now,
		   bool whole, struct behavior_change *ret_change);

/* The next look at the same connection. */
void behavior_update(struct behavior *behavior, const struct socket_row *row, double now,
		     struct behavior_change *ret_change);

/*
 * It was established at that time, as an event or the first look that saw it told. Whatever
 * tells of an earlier time is believed: each says "at the latest".
 */
void behavior_set_established(struct behavior *behavior, double time);

/*
 * Seconds since it was established; of a connection older than this program, at least. 0 when
 * it never was.
 */
double behavior_age(const struct behavior *behavior, double now);

/* ESTABLISHED, nothing to read or to send, no answer due, and silent for `after` seconds. */
bool behavior_is_idle(const struct behavior *behavior, double now, double after);

/* ESTABLISHED, something was sent, and nothing received since. */
bool behavior_is_awaiting(const struct behavior *behavior);

/* Seconds since it last sent something new; meaningful when it is awaiting. */
double behavior_waited(const struct behavior *behavior, double now);

/* Data waits to be read, and none was read for `after` seconds. */
bool behavior_is_unread(const struct behavior *behavior, double now, double after);

/* Data waits for the peer to take it, and none was taken for `after` seconds. */
bool behavior_is_send_stalled(const struct behavior *behavior, double now, double after);

/*
 * It was used when it was opened, and never again since. Of a connection older than this
 * program that is a guess by the number of segments it had sent.
 */
bool behavior_is_used_once(const struct behavior *behavior);
