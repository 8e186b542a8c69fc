/*
 * The local endpoint of a connection is known once connect(2) has chosen it. Asking the sockets
 * that are new when the list is wanted, which is after the kernel's table was read, leaves no
 * moment in which a connection of ours is in the table and not in the list.
 *
 * libcurl 7.88 closes a socket that it has not yet seen connected with close(2) and without
 * telling (cf_socket_close() in lib/cf-socket.c): the loser of two addresses, or what is under
 * way when time is up. Its number may soon be somebody else's, so a socket is known by its
 * inode, and what is left over when its owner has finished is taken for closed.
 */
#include "probe/connections.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "probe/view.h"

struct open_socket {
	int fd;
	ino_t inode;
	const void *owner;
	struct own_connection own; /* local.port is 0 while it is unknown */
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
	size_t at = connections->first + index;

	assert(connections->closed_capacity);
	return &connections->closed[at % connections->closed_capacity];
}

static void drop_oldest(struct connections *connections)
{
	assert(connections->closed_capacity);
	connections->first = (connections->first + 1) % connections->closed_capacity;
	connections->closed_count--;
}

static void forget_old(struct connections *connections, double now)
{
	while (connections->closed_count &&
	       now - closed_at(connections, 0)->time > CONNECTIONS_LINGER)
		drop_oldest(connections);
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
	if (connections->closed_count == connections->closed_capacity)
		drop_oldest(connections);
	*closed_at(connections, connections->closed_count++) = *closed;
}

void connections_inherit(struct connections *connections, struct connections *previous)
{
	connections->closed_max += previous->closed_count;
	for (size_t i = 0; i < previous->closed_count; i++)
		add_closed(connections, closed_at(previous, i));
}

/* 0: not a socket, or none at all. */
static ino_t inode_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode) ? 0 : status.st_ino;
}

int connections_add(struct connections *connections, const struct view *view, int fd,
		    const struct sockaddr *remote, const void *owner)
{
	struct open_socket new = { .fd = fd, .inode = inode_of(fd), .owner = owner };
	int r = endpoint_from_sockaddr(remote, &new.own.remote);

	if (r < 0)
		return r;
	new.own.netns = view ? view_netns(view) : 0;
	pthread_mutex_lock(&connections->mutex);
	connections->open = memory_grow(connections->open, &connections->open_capacity,
					connections->open_count + 1, sizeof(new));
	connections->open[connections->open_count++] = new;
	pthread_mutex_unlock(&connections->mutex);
	return 0;
}

/* The port is chosen by connect(2), which knows more free ones (ip(7)). */
static int bind_to(int fd, int family, const struct address *source)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const int yes = 1;

	if (address_is_ipv4(source) != (family == AF_INET))
		return -EADDRNOTAVAIL;
	memcpy(&in.sin_addr, source->byte + 12, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, source->byte, sizeof(in6.sin6_addr));
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 ? -errno : 0;
	return bind(fd, (struct sockaddr *)&in6, sizeof(in6)) < 0 ? -errno : 0;
}

/* A right that we lack is not the network's doing, as EPERM of connect(2) would be. */
int connections_open(struct connections *connections, const struct view *view,
		     const struct sockaddr *remote, const struct address *source,
		     const void *owner)
{
	int fd = view_socket(view, remote->sa_family, SOCK_STREAM), r;

	if (fd < 0)
		return fd == -EPERM ? -ENOTSUP : fd;
	r = source ? bind_to(fd, remote->sa_family, source) : 0;
	if (!r)
		r = connections_add(connections, view, fd, remote, owner);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* Once for each socket, for what it finds does not change. */
static void look_at(struct open_socket *open)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct endpoint local;

	if (open->own.local.port || inode_of(open->fd) != open->inode ||
	    getsockname(open->fd, (struct sockaddr *)&address, &length) < 0 ||
	    endpoint_from_sockaddr((struct sockaddr *)&address, &local) < 0)
		return;
	if (inode_of(open->fd) == open->inode)
		open->own.local = local;
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

/* Moves an entry from the open ones to the closed ones. */
static void move(struct connections *connections, size_t index, double now)
{
	struct open_socket *open = &connections->open[index];

	if (open->own.local.port)
		add_closed(connections, &(struct closed_socket){ open->own, now });
	*open = connections->open[--connections->open_count];
}

/* The number may also be that of one that was closed without telling. */
static struct open_socket *find_open(struct connections *connections, int fd)
{
	ino_t inode = inode_of(fd);

	for (size_t i = 0; i < connections->open_count; i++) {
		if (connections->open[i].fd == fd && connections->open[i].inode == inode)
			return &connections->open[i];
	}
	return NULL;
}

void connections_close(struct connections *connections, int fd, double now)
{
	struct open_socket *open;

	pthread_mutex_lock(&connections->mutex);
	open = find_open(connections, fd);
	if (open) {
		look_at(open);
		move(connections, (size_t)(open - connections->open), now);
	}
	pthread_mutex_unlock(&connections->mutex);
	close(fd);
}

static void reassign(struct connections *connections, int fd, int new_fd, const void *owner)
{
	struct open_socket *open;

	pthread_mutex_lock(&connections->mutex);
	open = find_open(connections, fd);
	if (open) {
		open->fd = new_fd;
		open->owner = owner;
	}
	pthread_mutex_unlock(&connections->mutex);
}

int connections_duplicate(struct connections *connections, int fd, const void *owner)
{
	int new_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (new_fd < 0)
		return -errno;
	reassign(connections, fd, new_fd, owner);
	return new_fd;
}

void connections_hand_over(struct connections *connections, int fd, const void *owner)
{
	reassign(connections, fd, fd, owner);
}

void connections_finish(struct connections *connections, const void *owner, double now)
{
	pthread_mutex_lock(&connections->mutex);
	for (size_t i = connections->open_count; i-- > 0;) {
		if (connections->open[i].owner == owner)
			move(connections, i, now);
	}
	pthread_mutex_unlock(&connections->mutex);
}

static size_t copy_open(const struct connections *connections, struct own_connection *own)
{
	size_t count = 0;

	for (size_t i = 0; i < connections->open_count; i++) {
		own[count] = connections->open[i].own;
		count += own[count].local.port != 0;
	}
	return count;
}

void connections_copy(struct connections *connections, double now, struct snapshot *snapshot)
{
	struct own_connection *own;
	size_t count = snapshot->own_count;

	pthread_mutex_lock(&connections->mutex);
	forget_old(connections, now);
	look_at_all(connections);
	own = arena_alloc(&snapshot->arena,
			  count + connections->closed_count + connections->open_count,
			  sizeof(*own));
	if (count)
		memcpy(own, snapshot->own, count * sizeof(*own));
	for (size_t i = 0; i < connections->closed_count; i++)
		own[count++] = closed_at(connections, i)->own;
	count += copy_open(connections, own + count);
	pthread_mutex_unlock(&connections->mutex);
	snapshot->own = own;
	snapshot->own_count = count;
}
