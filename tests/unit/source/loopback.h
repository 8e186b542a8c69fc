/* Real TCP sockets on the loopback interface, and rows read from the kernel. */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "source/socket.h"
#include "tree.h"

/* A connection, and the listener that accepted it. -1: closed. */
struct loopback {
	int listener, client, server;
};

static inline void loopback_append(void *context, const struct socket_row *row)
{
	socket_rows_append(context, row);
}

static inline struct socket_visitor loopback_visitor(struct socket_rows *rows)
{
	return (struct socket_visitor){ loopback_append, rows };
}

/* Whether there is a ::1. */
static inline bool loopback_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 local = { .sin6_family = AF_INET6,
				      .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool have = fd >= 0 && !bind(fd, (struct sockaddr *)&local, sizeof(local));

	file_close(&fd);
	return have;
}

/* A listener on any port; `remote` is where to connect to: ::1 or 127.0.0.1 as IPv6 or not. */
static inline int loopback_listen(const char *address, int backlog, struct sockaddr_in6 *remote)
{
	bool ipv6 = strchr(address, ':') != NULL;
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)remote;
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*remote);

	memset(remote, 0, sizeof(*remote));
	remote->sin6_family = ipv6 ? AF_INET6 : AF_INET;
	tree_require(inet_pton(ipv6 ? AF_INET6 : AF_INET, address,
			       ipv6 ? (void *)&remote->sin6_addr : &ipv4->sin_addr) == 1,
		     address);
	if (ipv6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int));
	tree_require(!bind(fd, (struct sockaddr *)remote, length), "bind");
	tree_require(!listen(fd, backlog), "listen");
	tree_require(!getsockname(fd, (struct sockaddr *)remote, &length), "getsockname");
	return fd;
}

static inline int loopback_connect(const struct sockaddr_in6 *remote, int flags)
{
	int fd = socket(remote->sin6_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	tree_require(!connect(fd, (const struct sockaddr *)remote, sizeof(*remote)) ||
			     errno == EINPROGRESS,
		     "connect");
	return fd;
}

static inline void loopback_init(struct loopback *loopback, const char *address)
{
	struct sockaddr_in6 remote;

	loopback->listener = loopback_listen(address, 5, &remote);
	loopback->client = loopback_connect(&remote, 0);
	loopback->server = accept4(loopback->listener, NULL, NULL, SOCK_CLOEXEC);
	tree_require(loopback->server >= 0, "accept");
}

static inline void loopback_deinit(struct loopback *loopback)
{
	file_close(&loopback->server);
	file_close(&loopback->client);
	file_close(&loopback->listener);
}

static inline uint64_t loopback_inode(int fd)
{
	struct stat status;

	tree_require(!fstat(fd, &status), "fstat");
	return status.st_ino;
}

static inline uint64_t loopback_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	tree_require(!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), "SO_COOKIE");
	return cookie;
}

static inline uint16_t loopback_port(int fd)
{
	struct sockaddr_in6 local = { 0 };
	socklen_t length = sizeof(local);

	tree_require(!getsockname(fd, (struct sockaddr *)&local, &length), "getsockname");
	return ntohs(local.sin6_port);
}

/* The only row with this inode; NULL when there is none, or more. */
static inline const struct socket_row *loopback_find(const struct socket_rows *rows,
						     uint64_t inode)
{
	const struct socket_row *found = NULL;
	unsigned count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		if (rows->items[i].inode == inode) {
			found = &rows->items[i];
			count++;
		}
	}
	return count == 1 ? found : NULL;
}
