/*
 * A server inside the test, on a free port of 127.0.0.1, that does what the path of the request
 * asks for. A connection is served by a thread of its own; peer_stop() ends them all.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
	int listener, stop;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t changed;
	unsigned serving, served; /* connections: now, until now */
	char request[1024], from[64]; /* the newest, and the address it came from */
};

struct peer_connection {
	struct peer *peer;
	int fd;
};

/* What is said to a request for `path`; in peer_answer.h. */
static void peer_answer(const struct peer_connection *c, const char *path);

static void peer_fail(const char *what)
{
	perror(what);
	abort();
}

static inline void peer_serve(const struct peer_connection *c)
{
	char request[sizeof(c->peer->request)] = "", path[64];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);

	/* libcurl sends such a small request at once. */
	if (recv(c->fd, request, sizeof(request) - 1, 0) <= 0)
		return;
	pthread_mutex_lock(&c->peer->mutex);
	memcpy(c->peer->request, request, sizeof(request));
	getpeername(c->fd, (struct sockaddr *)&from, &length);
	inet_ntop(AF_INET, &from.sin_addr, c->peer->from, sizeof(c->peer->from));
	pthread_mutex_unlock(&c->peer->mutex);
	if (sscanf(request, "%*s %63s", path) == 1)
		peer_answer(c, path);
}

static inline void *peer_connection_thread(void *argument)
{
	struct peer_connection *c = argument;
	struct peer *peer = c->peer;

	peer_serve(c);
	close(c->fd);
	free(c);
	pthread_mutex_lock(&peer->mutex);
	peer->serving--;
	pthread_cond_signal(&peer->changed);
	pthread_mutex_unlock(&peer->mutex);
	return NULL;
}

static inline void peer_accept(struct peer *peer, int fd)
{
	struct peer_connection *c = malloc(sizeof(*c));
	pthread_t thread;

	if (!c)
		peer_fail("malloc");
	*c = (struct peer_connection){ peer, fd };
	pthread_mutex_lock(&peer->mutex);
	peer->served++;
	peer->serving++;
	pthread_cond_signal(&peer->changed);
	pthread_mutex_unlock(&peer->mutex);
	if (pthread_create(&thread, NULL, peer_connection_thread, c))
		peer_fail("pthread_create");
	pthread_detach(thread);
}

static inline void *peer_thread(void *argument)
{
	struct peer *peer = argument;
	struct pollfd fds[] = { { .fd = peer->stop, .events = POLLIN },
				{ .fd = peer->listener, .events = POLLIN } };

	while (poll(fds, 2, -1) > 0 && !fds[0].revents) {
		int fd = accept(peer->listener, NULL, NULL);

		if (fd >= 0)
			peer_accept(peer, fd);
	}
	return NULL;
}

static inline void peer_start(struct peer *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);

	*peer = (struct peer){ .stop = eventfd(0, 0) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(peer->listener, (struct sockaddr *)&address, length) < 0 ||
	    listen(peer->listener, 1024) < 0 ||
	    getsockname(peer->listener, (struct sockaddr *)&address, &length) < 0)
		peer_fail("listen");
	peer->port = ntohs(address.sin_port);
	pthread_mutex_init(&peer->mutex, NULL);
	pthread_cond_init(&peer->changed, NULL);
	if (pthread_create(&peer->thread, NULL, peer_thread, peer))
		peer_fail("pthread_create");
}

/* Waits for so many connections. */
static inline void peer_wait(struct peer *peer, unsigned served)
{
	pthread_mutex_lock(&peer->mutex);
	while (peer->served < served)
		pthread_cond_wait(&peer->changed, &peer->mutex);
	pthread_mutex_unlock(&peer->mutex);
}

static inline void peer_stop(struct peer *peer)
{
	eventfd_write(peer->stop, 1);
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	pthread_mutex_lock(&peer->mutex);
	while (peer->serving)
		pthread_cond_wait(&peer->changed, &peer->mutex);
	pthread_mutex_unlock(&peer->mutex);
	close(peer->stop);
}

#include "probe/peer_answer.h"
