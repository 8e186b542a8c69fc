/* What the server of peer.h says that takes time, or comes after its first answer. */
#pragma once

#include "probe/peer.h"

/* Waits for the peer to be stopped, or the other side to close, or `milliseconds`. */
static inline bool peer_pause(const struct peer_connection *c, int milliseconds)
{
	struct pollfd fds[] = { { .fd = c->peer->stop, .events = POLLIN },
				{ .fd = c->fd, .events = POLLRDHUP } };

	return poll(fds, 2, milliseconds) == 0;
}

static inline bool peer_say(const struct peer_connection *c, const char *text)
{
	return send(c->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static inline void peer_drip(const struct peer_connection *c)
{
	if (!peer_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
		return;
	while (peer_say(c, "x") && peer_pause(c, 5))
		;
}

/* Until the other side has had enough. */
static inline void peer_flood_after(const struct peer_connection *c, const char *status)
{
	static const char piece[16384];

	if (!peer_say(c, status) || !peer_say(c, "Content-Length: 10000000000\r\n\r\n"))
		return;
	while (send(c->fd, piece, sizeof(piece), MSG_NOSIGNAL) > 0)
		;
}

static inline void peer_flood(const struct peer_connection *c)
{
	peer_flood_after(c, "HTTP/1.1 200 OK\r\n");
}

/* Likewise in lines, without a head. */
static inline void peer_lines(const struct peer_connection *c)
{
	char piece[16384];

	memset(piece, '\n', sizeof(piece));
	while (send(c->fd, piece, sizeof(piece), MSG_NOSIGNAL) > 0)
		;
}

/* Answers `times` requests on one connection, and closes it `milliseconds` after the last. */
static inline void peer_keep(const struct peer_connection *c, unsigned times, int milliseconds)
{
	char request[1024];

	for (unsigned i = 0; i < times; i++) {
		if ((i && recv(c->fd, request, sizeof(request), 0) <= 0) ||
		    !peer_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
			return;
	}
	peer_pause(c, milliseconds);
}

/* Answers one request, and does something else to the second. */
static inline void peer_keep_then(const struct peer_connection *c,
				  void (*then)(const struct peer_connection *c))
{
	char request[1024];

	if (peer_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") &&
	    recv(c->fd, request, sizeof(request), 0) > 0)
		then(c);
}
