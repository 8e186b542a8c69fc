/*
 * What a child does with connections to be recorded, in a network namespace of its own where
 * that needs settings.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

static inline int client_own_namespace(void)
{
	struct ifreq interface = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	CLEANUP(file_close) int fd = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ioctl(fd, SIOCSIFFLAGS, &interface);
}

static inline struct sockaddr_storage client_make_address(const char *text, uint16_t port)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address;

	address.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	ipv4->sin_port = htons(port); /* of both */
	if (address.ss_family == AF_INET)
		inet_pton(AF_INET, text, &ipv4->sin_addr);
	else
		inet_pton(AF_INET6, text, &ipv6->sin6_addr);
	return address;
}

static inline int client_open_socket(const struct sockaddr_storage *address, int flags)
{
	return socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

static inline int client_listen_at(const char *text, int backlog,
				   struct sockaddr_storage *ret_address)
{
	struct sockaddr_storage address = client_make_address(text, 0);
	socklen_t length = sizeof(address);
	int fd = client_open_socket(&address, 0);

	if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, backlog) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -1;
	*ret_address = address;
	return fd;
}

static inline int client_dial(int fd, const struct sockaddr_storage *address)
{
	return connect(fd, (const struct sockaddr *)address, sizeof(*address));
}

/* So that the connection ends with a RST, and leaves no TIME_WAIT. */
static inline void client_abort_connection(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* A port that nobody listens on, since it is bound. */
static inline int client_refused(void)
{
	struct sockaddr_storage address = client_make_address("127.0.0.1", 0);
	socklen_t length = sizeof(address);
	CLEANUP(file_close) int bound = client_open_socket(&address, 0);
	CLEANUP(file_close) int fd = client_open_socket(&address, 0);

	if (bind(bound, (struct sockaddr *)&address, length) < 0 ||
	    getsockname(bound, (struct sockaddr *)&address, &length) < 0)
		return 1;
	return client_dial(fd, &address) < 0 && errno == ECONNREFUSED ? 0 : 2;
}

static inline int client_connect_many(int count)
{
	struct sockaddr_storage address;
	CLEANUP(file_close) int listener = client_listen_at("127.0.0.1", 8, &address);

	for (int i = 0; i < count; i++) {
		int fd = client_open_socket(&address, 0), peer;

		if (client_dial(fd, &address) < 0)
			return 1;
		peer = accept(listener, NULL, NULL);
		client_abort_connection(fd);
		close(peer);
	}
	return 0;
}
