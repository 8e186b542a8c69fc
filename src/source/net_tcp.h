/*
 * /proc/<pid>/net/tcp and tcp6: the TCP sockets of the network namespace of a process. Readable
 * without any privilege, for any namespace.
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "source/socket.h"

/*
 * One line of either file, without its newline. False for the heading and for anything that is
 * not such a line.
 */
bool net_tcp_parse(struct bytes line, struct socket_row *ret_row) MUST_CHECK;

/*
 * Shows the rows of net/tcp and net/tcp6 below the directory of a process. 0, PID_GONE (an
 * exited process has no namespace any more: EINVAL, too), or -errno; what was shown until then
 * is then not the whole table. A kernel without IPv6 has no tcp6: that is no failure.
 */
int net_tcp_read(int directory, const struct socket_visitor *visitor) MUST_CHECK;
