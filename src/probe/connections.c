/*
 * The local port of a connection is known once connect(2) has chosen it, and forgotten when the
 * connection fails (inet_put_port() in net/ipv4/inet_hashtables.c, via tcp_done()). Asking the
 * sockets when the list is wanted, which is after the kernel's table was read, leaves no moment in
 * which a connection is in the table and not in the list.
 */
#include "probe/connections.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

struct open_socket {
	int fd;
	struct own_connection own; /* local.port is 0 until it is known */
};

struct closed_socket {
	struct own_connection own;
	double time;
};

struct connections {
	pthread_mutex_t mutex;
	struct open_socket *open;
	size_t open_count, open_capacity;
	struct closed_socket *closed; /* a ring, oldest at `first`, grown up to closed_max */
	size_t first, closed_count, closed_capacity, closed_max;
};

struct connections *connections_new(size_t closed_max)
{
	struct connections *connections = memory_new(1, sizeof(*connections));

	assert(closed_max > 0);
	pthread_mutex_init(&connections->mutex, NULL);
	connections->closed_max = closed_max;
	return connections;
}

void connections_free(struct connections *connections)
{
	if (!connections)
		return;
	assert(!connections->open_count);
	pthread_mutex_destroy(&connections->mutex);
	free(connections->open);
	free(connections->closed);
	free(connections);
}

static struct closed_socket *closed_at(const struct connections *connections, size_t index)
{
	return &connections->closed[(connections->first + index) % connections->closed_capacity];
}

static void forget_old(struct connections *connections, double now)
{
	while (connections->closed_count &&
	       now - closed_at(connections, 0)->time > CONNECTIONS_LINGER) {
		connections->first = (connections->first + 1) % connections->closed_capacity;
		connections->closed_count--;
	}
}

/* A ring cannot be grown in place: its end may be in front of its beginning. */
static void grow_closed(struct connections *connections)
{
	size_t wanted = connections->closed_capacity * 2;
	struct closed_socket *grown;

	if (wanted < 16)
		wanted = 16;
	if (wanted > connections->closed_max)
		wanted = connections->closed_max;
	grown = memory_new(wanted, sizeof(*grown));
	for (size_t i = 0; i < connections->closed_count; i++)
		grown[i] = *closed_at(connections, i);
	free(connections->closed);
	connections->closed = grown;
	connections->closed_capacity = wanted;
	connections->first = 0;
}

static void add_closed(struct connections *connections, const struct closed_socket *closed)
{
	forget_old(connections, closed->time);
	if (connections->closed_count == connections->closed_capacity &&
	    connections->closed_capacity < connections->closed_max)
		grow_closed(connections);
	if (connections->closed_count == connections->closed_capacity) {
		connections->first = (connections->first + 1) % connections->closed_capacity;
		connections->closed_count--;
	}
	*closed_at(connections, connections->closed_count++) = *closed;
}

void connections_inherit(struct connections *connections, struct connections *previous)
{
	for (size_t i = 0; i < previous->closed_count; i++)
		add_closed(connections, closed_at(previous, i));
}

int connections_open(struct connections *connections, const struct sockaddr *remote)
{
	struct open_socket new = { 0 };
	int r = endpoint_from_sockaddr(remote, &new.own.remote);

	if (r < 0)
		return r;
	new.fd = socket(remote->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (new.fd < 0)
		return -errno;
	pthread_mutex_lock(&connections->mutex);
	connections->open = memory_grow(connections->open, &connections->open_capacity,
					connections->open_count + 1, sizeof(new));
	connections->open[connections->open_count++] = new;
	pthread_mutex_unlock(&connections->mutex);
	return new.fd;
}

static void look_at(struct open_socket *socket)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct endpoint local;

	if (socket->own.local.port)
		return;
	if (getsockname(socket->fd, (struct sockaddr *)&address, &length) < 0)
		return;
	if (!endpoint_from_sockaddr((struct sockaddr *)&address, &local) && local.port)
		socket->own.local = local;
}

static void look_at_all(struct connections *connections)
{
	for (size_t i = 0; i < connections->open_count; i++)
		look_at(&connections->open[i]);
}

void connections_look(struct connections *connections)
{
	pthread_mutex_lock(&connections->mutex);
	look_at_all(connections);
	pthread_mutex_unlock(&connections->mutex);
}

void connections_close(struct connections *connections, int fd, double now)
{
	struct open_socket *open;
	size_t i = 0;

	pthread_mutex_lock(&connections->mutex);
	while (i < connections->open_count && connections->open[i].fd != fd)
		i++;
	assert(i < connections->open_count);
	open = &connections->open[i];
	look_at(open);
	if (open->own.local.port)
		add_closed(connections, &(struct closed_socket){ open->own, now });
	*open = connections->open[--connections->open_count];
	pthread_mutex_unlock(&connections->mutex);
	close(fd);
}

void connections_copy(struct connections *connections, double now, struct snapshot *snapshot)
{
	struct own_connection *own;
	size_t count = 0;

	pthread_mutex_lock(&connections->mutex);
	forget_old(connections, now);
	look_at_all(connections);
	own = arena_alloc(&snapshot->arena, connections->closed_count + connections->open_count,
			  sizeof(*own));
	for (size_t i = 0; i < connections->closed_count; i++)
		own[count++] = closed_at(connections, i)->own;
	for (size_t i = 0; i < connections->open_count; i++) {
		if (connections->open[i].own.local.port)
			own[count++] = connections->open[i].own;
	}
	pthread_mutex_unlock(&connections->mutex);
	snapshot->own = own;
	snapshot->own_count = count;
}
