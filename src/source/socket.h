/*
 * A row of a TCP table, whichever source it comes from: sock_diag has all of it,
 * /proc/<pid>/net/tcp no cookie and no `info`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "model/tcp.h"

/* The timer that runs (include/net/inet_connection_sock.h, as net/ipv4/tcp_diag.c tells it). */
enum socket_timer {
	SOCKET_TIMER_NONE,
	SOCKET_TIMER_RETRANSMIT,
	SOCKET_TIMER_KEEPALIVE,
	SOCKET_TIMER_TIME_WAIT,
	SOCKET_TIMER_PROBE, /* the peer's window is zero */
};

/* What of struct tcp_info (tcp(7), TCP_INFO) is of use. */
struct socket_info {
	/* Bytes of payload, each counted once however often it was sent; Linux < 4.19 only
	 * tells `acknowledged`. Rarely a few too low, and then it may go back. */
	uint64_t sent;
	uint64_t acknowledged; /* of those; may be one more for the SYN and one for the FIN */
	uint64_t received; /* bytes of payload, and one for the FIN */
	/* Seconds since the last data, or else since it was established; 0 in SYN_SENT. */
	double since_sent, since_received;
	double round_trip; /* smoothed, seconds; 0: not measured */
	uint32_t retransmits; /* segments since it was opened, SYNs among them */
	uint32_t data_segments_out;
};

struct socket_row {
	struct endpoint local, remote;
	enum tcp_state state;
	enum socket_timer timer;
	uint8_t backoff; /* how often that timer ran out in a row */
	/* Not of a listener, TIME_WAIT, FIN_WAIT2 without an owner; not before Linux 4.6. */
	bool has_info;
	uint64_t inode; /* 0: owned by no descriptor (TIME_WAIT, orphans, not accepted yet) */
	/* Who it is, into TIME_WAIT too, for as long as the system runs; 0: not known. */
	uint64_t cookie;
	uint32_t send_queue, receive_queue; /* bytes, as the kernel counts: see behavior.c */
	struct socket_info info;
};

struct socket_rows {
	struct socket_row *items;
	size_t count, capacity;
};

/* Told of each row as it is read. */
struct socket_visitor {
	void (*visit)(void *context, const struct socket_row *row);
	void *context;
};

void socket_rows_deinit(struct socket_rows *rows);
void socket_rows_append(struct socket_rows *rows, const struct socket_row *row);
