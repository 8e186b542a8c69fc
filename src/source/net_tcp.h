/*
 * /proc/<pid>/net/tcp and tcp6: the TCP sockets of the network namespace of a process. Readable
 * without any privilege, for any namespace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/bytes.h"
#include "model/tcp.h"

/* One line of the table. */
struct socket_row {
	struct endpoint local, remote;
	enum tcp_state state;
	uint64_t inode; /* 0: owned by no descriptor (TIME_WAIT, orphans, not accepted yet) */
	uint32_t send_queue, receive_queue; /* bytes, as the kernel counts: see join.c */
};

struct socket_rows {
	struct socket_row *items;
	size_t count, capacity;
};

void socket_rows_deinit(struct socket_rows *rows);

/*
 * One line of either file, without its newline. False for the heading and for anything that is
 * not such a line.
 */
bool net_tcp_parse(struct bytes line, struct socket_row *ret_row) MUST_CHECK;

/*
 * Appends the rows of net/tcp and net/tcp6 below the directory of a process, at most until
 * rows->count is `max`; *ret_truncated says whether there were more. 0, PID_GONE (an exited
 * process has no namespace any more: EINVAL, too), or -errno; rows is as before when not 0.
 * A kernel without IPv6 has no tcp6: that is no failure.
 */
int net_tcp_read(int directory, size_t max, struct socket_rows *rows,
		 bool *ret_truncated) MUST_CHECK;
