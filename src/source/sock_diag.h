/*
 * The TCP sockets of a network namespace with their tcp_info, by sock_diag(7). In our own
 * namespace it needs no privilege; in another one a socket must have been opened there.
 */
#pragma once

#include "base/bytes.h"
#include "source/socket.h"

/* A netlink socket of the namespace that the calling thread is in. A descriptor or -errno. */
int sock_diag_open(void) MUST_CHECK;

/*
 * Shows the sockets of both families in all states but those of a passive open. 0 when it was
 * the whole table, else -errno, and what was shown until then is not: -EAGAIN when the kernel
 * said that the table changed too much meanwhile, -EMSGSIZE for an answer that was cut off,
 * -EBADMSG for one that makes no sense, -ETIMEDOUT for none within seconds, -ENOENT for a
 * kernel without the modules inet_diag and tcp_diag. After any of these the socket is of no
 * use: an answer may still be under way.
 */
int sock_diag_read(int socket, const struct socket_visitor *visitor) MUST_CHECK;

/* What one datagram of an answer holds. */
enum sock_diag_part {
	SOCK_DIAG_MORE, /* rows, and more will come */
	SOCK_DIAG_DONE,
	SOCK_DIAG_BROKEN, /* not such an answer */
	SOCK_DIAG_FAILED, /* *ret_error says why */
};

/* Pure: shows the rows of one datagram that answers the request with this number. */
enum sock_diag_part sock_diag_parse(struct bytes datagram, uint32_t sequence,
				    const struct socket_visitor *visitor,
				    int *ret_error) MUST_CHECK;
