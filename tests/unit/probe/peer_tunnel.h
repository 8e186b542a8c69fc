/* What the server of peer.h does as a proxy. */
#pragma once

#include "probe/peer_last.h"

/* A proxy's work: what either side says goes to the other one. */
static inline void peer_relay(const struct peer_connection *c, int other)
{
	struct pollfd fds[] = { { .fd = c->fd, .events = POLLIN },
				{ .fd = other, .events = POLLIN },
				{ .fd = c->peer->stop, .events = POLLIN } };
	char data[16384];

	while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
		bool first = fds[0].revents;
		ssize_t length = recv(fds[!first].fd, data, sizeof(data), 0);

		if (length <= 0 ||
		    send(fds[first].fd, data, (size_t)length, MSG_NOSIGNAL) != length)
			return;
	}
}

static inline void peer_tunnel(const struct peer_connection *c, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	static const char connected[] = "HTTP/1.1 200 Connected\r\n\r\n";
	int other = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (!connect(other, (struct sockaddr *)&address, sizeof(address)) &&
	    send(c->fd, connected, strlen(connected), MSG_NOSIGNAL) > 0)
		peer_relay(c, other);
	close(other);
}

static inline void peer_connect(const struct peer_connection *c, const char *path)
{
	if (!strcmp(path, "silent.test:443"))
		peer_pause(c, -1);
	else if (!strcmp(path, "flood.test:443"))
		peer_flood_after(c, "HTTP/1.1 407 Who?\r\n");
	else if (!strncmp(path, "tunnel.test:", 12))
		peer_tunnel(c, path + 12);
}
