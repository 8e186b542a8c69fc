/*
 * The TCP connections of this program itself: every socket that a probe opens is opened and
 * closed here, so that a look at the kernel's table can tell ours from everybody's, also when
 * the kernel keeps what we closed (TIME_WAIT, FIN_WAIT). Safe to use from several threads.
 */
#pragma once

#include "model/snapshot.h"

struct sockaddr;
struct view;
struct connections;

/* How long a closed connection is listed: TIME_WAIT lasts 60 s (include/net/tcp.h). */
#define CONNECTIONS_LINGER 120.0

/* Remembers at most `closed_max` closed connections: the newest. */
struct connections *connections_new(size_t closed_max);
void connections_free(struct connections *connections); /* takes NULL; none may be open */

/* Takes over what `previous` closed, beyond the maximum if need be. */
void connections_inherit(struct connections *connections, struct connections *previous);

/*
 * A new close-on-exec stream socket in `view` (NULL: here), to be connected to `remote` from
 * the address `source` (NULL: any). A descriptor or -errno; -EADDRNOTAVAIL: `source` is not
 * there, or not of the family of `remote`; -ENOTSUP: the right to enter the view was lost.
 */
int connections_open(struct connections *connections, const struct view *view,
		     const struct sockaddr *remote, const struct address *source,
		     const void *owner) MUST_CHECK;

/* Takes up a socket that somebody else made, before it is connected. 0 or -EAFNOSUPPORT. */
int connections_add(struct connections *connections, const struct view *view, int fd,
		    const struct sockaddr *remote, const void *owner) MUST_CHECK;

/* Closes a socket that was opened or added, at the time `now` (monotonic seconds). */
void connections_close(struct connections *connections, int fd, double now);

/*
 * Hands a socket over to `owner`: the duplicate that is returned takes its place here, and
 * whoever has `fd` itself may close it as he likes. -errno.
 */
int connections_duplicate(struct connections *connections, int fd,
			  const void *owner) MUST_CHECK;

/* From now on the socket is of this owner. */
void connections_hand_over(struct connections *connections, int fd, const void *owner);

/* Takes down the local endpoints of sockets that were connected since. */
void connections_look(struct connections *connections);

/* All sockets of this owner are closed now, also those that nobody told of. */
void connections_finish(struct connections *connections, const void *owner, double now);

/* Adds to snapshot->own: the closed ones by time, then the open ones. */
void connections_copy(struct connections *connections, double now, struct snapshot *snapshot);
